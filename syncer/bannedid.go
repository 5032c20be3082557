package syncer

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// meantID in front of an id says that it is one, whatever it looks like: uuid:203.0.113.7.
const meantID = "uuid:"

// IsMeantID reports whether a text says that it is an id, whatever it looks like.
func IsMeantID(text string) bool { return strings.HasPrefix(text, meantID) }

// ReadPlayerID reads the player that a person writes: an id, or perhaps a name. A leading
// "uuid:" says that it is an id: then meant is true.
func ReadPlayerID(text string) (id PlayerID, meant bool, _ error) {
	text, meant = strings.CutPrefix(text, meantID)
	id, err := ParsePlayerID(text)
	return id, meant, err
}

// CheckBannedID refuses a text that is clearly no player id, but something else that was
// meant, or an id with a slip in it: an address or range, the name of a host, a UUID that
// lacks a digit. The function ban_uuid_doubt of the database knows the same.
func CheckBannedID(text string) error {
	if err := checkID(text); err != nil {
		return err
	}
	if LooksLikeHost(text) {
		return Invalid("uuid", "%q looks like the name of a host, not like a player id: give its address as ip", text)
	}
	return nil
}

// checkID is [CheckBannedID] of a text that may be a player's name, such as Dr.Who.
func checkID(text string) error {
	switch name, offline := strings.CutPrefix(text, "#offline#"); {
	case offline:
		return Invalid("uuid", "%q stands for a player whose id LiteBans did not know; ban the id of %s", text, name)
	case looksLikeAddress(text):
		return Invalid("uuid", "%q looks like an address or a range, not like a player id: give it as ip%s",
			text, suggestion(text, ""))
	case uuidShape.MatchString(text) && spelledUUID(text) == "":
		return Invalid("uuid", "%q looks like a UUID, %s", text, uuidFault(text))
	}
	return nil
}

// unlessMeant runs a check of an id unless the text says that it is one, and returns the
// id. A refusal says how to say it.
func unlessMeant(text string, check func(string) error) (string, error) {
	if id, meant := strings.CutPrefix(text, meantID); meant {
		return id, nil
	}
	err := check(text)
	if refusal, ok := errors.AsType[*Error](err); ok {
		refusal.Message += "; an id of that text is written " + meantID + text
	}
	return text, err
}

// uuidShape matches a UUID and what is meant as one: 30 to 34 digits with dashes anywhere
// behind them, or five groups, each with at most one character too many or too few.
var uuidShape = regexp.MustCompile(`^[({]?([uU][rR][nN]:[uU][uU][iI][dD]:)?` +
	`(([0-9a-fA-F]-*){30,34}|[0-9a-zA-Z]{7,9}(-[0-9a-zA-Z]{3,5}){3}-[0-9a-zA-Z]{11,13})[)}]?$`)

// uuidFault says what is wrong with a text that is meant as a UUID, and how it is written.
func uuidFault(text string) string {
	text = strings.ToLower(strings.Trim(text, "(){}"))
	found := strings.ReplaceAll(strings.TrimPrefix(text, "urn:uuid:"), "-", "")
	wrong := strings.Trim(found, hexDigits)
	switch {
	case wrong != "":
		return "whose digits are 0 to 9 and a to f: " + strconv.Quote(wrong[:1]) + " is none"
	case len(found) != 32:
		return "which has 32 digits, not " + strconv.Itoa(len(found))
	default:
		return "which is written " + string(spelledUUID(found))
	}
}
