package syncer

import (
	"encoding/hex"
	"regexp"
	"strings"
)

// PlayerID is the immutable key of a player: an opaque text of 1 to 64
// printable characters. Mindustry sends 22 characters of base64 and "==",
// Minecraft an RFC 4122 UUID. Letters of different case are different ids, except
// in a UUID, which has one spelling only: lower case, with dashes.
type PlayerID string

// ParsePlayerID checks text and returns it as an id, or an [Error] for "uuid". A UUID
// may be given in any spelling: in capitals, without dashes, in braces, as a URN.
func ParsePlayerID(text string) (PlayerID, error) {
	if err := CheckName("uuid", text); err != nil {
		return "", err
	}
	if text[0] == ' ' || text[len(text)-1] == ' ' {
		return "", Invalid("uuid", "must not begin or end with a space, is %q", text)
	}
	if id := spelledUUID(text); id != "" {
		return id, nil
	}
	return PlayerID(text), nil
}

// HasForm reports whether the id has one of the forms that games give their ids: a UUID, or
// the base64 of Mindustry. Any other could be the name of a player as well.
func (id PlayerID) HasForm() bool {
	return mindustryID.MatchString(string(id)) || spelledUUID(string(id)) == id && id != ""
}

var mindustryID = regexp.MustCompile(`^[0-9A-Za-z+/]{22}==$`)

// spelledUUID returns the one spelling of a UUID, and "" for any other text.
func spelledUUID(text string) PlayerID {
	if len(text) < 32 { // most ids of Mindustry
		return ""
	}
	digits := text
	switch prefix := "urn:uuid:"; {
	case len(text) == 38 && text[0] == '{' && text[37] == '}':
		digits = text[1:37]
	case len(text) == 45 && strings.EqualFold(text[:len(prefix)], prefix):
		digits = text[len(prefix):]
	}
	if len(digits) == 36 {
		if digits[8] != '-' || digits[13] != '-' || digits[18] != '-' || digits[23] != '-' {
			return ""
		}
		digits = digits[:8] + digits[9:13] + digits[14:18] + digits[19:23] + digits[24:]
	}
	if raw, err := hex.DecodeString(digits); err != nil || len(raw) != 16 {
		return ""
	}
	d := strings.ToLower(digits)
	return PlayerID(d[:8] + "-" + d[8:12] + "-" + d[12:16] + "-" + d[16:20] + "-" + d[20:])
}
