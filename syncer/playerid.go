package syncer

import (
	"unicode"
	"unicode/utf8"
)

// PlayerID is the immutable key of a player: an opaque text of 1 to 64
// printable characters. Mindustry sends 22 characters of base64 and "==",
// Minecraft an RFC 4122 UUID. Letters of different case are different ids.
type PlayerID string

// MaxIdentifierLength bounds ids, ranks, flags, gamemodes and names of servers, in
// characters.
const MaxIdentifierLength = 64

// ParsePlayerID checks text and returns it as an id, or an [Error] for "uuid".
func ParsePlayerID(text string) (PlayerID, error) {
	if err := CheckName("uuid", text); err != nil {
		return "", err
	}
	return PlayerID(text), nil
}

// CheckName refuses what is not 1 to 64 printable characters.
func CheckName(field, text string) error {
	if n := utf8.RuneCountInString(text); n < 1 || n > MaxIdentifierLength {
		return Invalid(field, "must have 1 to %d characters, has %d", MaxIdentifierLength, n)
	}
	return CheckPrintable(field, text)
}

// CheckText refuses text with more than limit characters, bad UTF-8 or a NUL,
// none of which PostgreSQL could store as it is.
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
