package webhook

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxContent bounds one message, in UTF-16 units: no other way of counting characters
// gives a larger number.
const maxContent = 2000

// split cuts a text into parts that can be sent, at line breaks or spaces where
// there are any in the second half. Blank parts are left out.
func split(text string) []string {
	var parts []string
	for text != "" {
		part := text[:cut(text)]
		text = text[len(part):]
		if strings.TrimSpace(part) != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// cut returns the length in bytes of the next part.
func cut(text string) int {
	end, units := 0, 0
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		if units += max(utf16.RuneLen(r), 1); units > maxContent {
			break
		}
		end += size
	}
	if end == len(text) {
		return end
	}
	for _, separator := range []string{"\n", " "} {
		if at := strings.LastIndex(text[:end], separator); at >= end/2 {
			return at + 1
		}
	}
	return end
}
