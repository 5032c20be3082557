package wire

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Spreadsheets take a cell that begins with one of these for a formula, some also in their
// wide form; an apostrophe in front makes it text.
var (
	formula = regexp.MustCompile(`^'*[=+\-@＝＋－＠\t\r\n]`)
	escaped = regexp.MustCompile(`^'+[=+\-@＝＋－＠\t\r\n]`)
)

// CSVCell returns a text as it goes into a cell of CSV: what a spreadsheet would take for
// a formula begins with an apostrophe, and control characters but line breaks are written
// as \u001b.
func CSVCell(text string) string {
	if formula.MatchString(text) {
		text = "'" + text
	}
	if strings.IndexFunc(text, isEscapedInCSV) < 0 {
		return text
	}
	var cell strings.Builder
	for _, r := range text {
		if isEscapedInCSV(r) {
			fmt.Fprintf(&cell, `\u%04x`, r)
			continue
		}
		cell.WriteRune(r)
	}
	return cell.String()
}

// isEscapedInCSV reports whether a character is one that controls a terminal or the
// direction of text.
func isEscapedInCSV(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
}

// FromCSVCell returns the text of a cell: without the apostrophe in front of what a
// spreadsheet would take for a formula. Control characters stay as they are written.
func FromCSVCell(cell string) string {
	if escaped.MatchString(cell) {
		return cell[1:]
	}
	return cell
}
