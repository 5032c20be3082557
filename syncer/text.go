package syncer

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// MaxIdentifierLength bounds ids, ranks, flags, gamemodes and names of servers, in
// characters.
const MaxIdentifierLength = 64

// CheckName returns an [Error] at field unless the text has 1 to [MaxIdentifierLength]
// printable characters.
func CheckName(field, text string) error {
	if err := CheckLength(field, text, MaxIdentifierLength); err != nil {
		return err
	}
	return CheckPrintable(field, text)
}

// CheckLength returns an [Error] at field if the text is empty or has more than limit
// characters.
func CheckLength(field, text string, limit int) error {
	if text == "" {
		return Invalid(field, "must not be empty")
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return Invalid(field, "must have at most %d characters, has %d", limit, n)
	}
	return nil
}

// CheckText returns an [Error] at field if the text has more than limit characters, bad
// UTF-8 or a NUL: PostgreSQL could not store it as it is.
func CheckText(field, text string, limit int) error {
	if n := utf8.RuneCountInString(text); n > limit {
		return Invalid(field, "must have at most %d characters, has %d", limit, n)
	}
	if !utf8.ValidString(text) {
		return Invalid(field, "is not valid UTF-8")
	}
	for _, r := range text {
		if r == 0 {
			return Invalid(field, "must not contain a NUL character")
		}
	}
	return nil
}

// CheckPrintable returns an [Error] at field if the text has bad UTF-8 or characters that cannot be printed,
// such as line breaks.
func CheckPrintable(field, text string) error {
	if !utf8.ValidString(text) {
		return Invalid(field, "is not valid UTF-8")
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return Invalid(field, "must be printable, contains %U", r)
		}
	}
	return nil
}

// Counted writes a number of things for people; the plural has an s.
func Counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
