package mindustry

import (
	"playersync/syncer"
)

// USIDRejection is a game server's report that it turned a privileged player away,
// because the proof of identity was not the stored one. To approve the code is to
// store the rejected proof for that server.
type USIDRejection struct {
	Code    string // what the player was told, unique per server and time
	ID      syncer.PlayerID
	Address string // of the game server
	USID    string // the proof that was rejected: a secret
}

// Validate returns an [syncer.Error] naming the first field that cannot be stored.
func (r USIDRejection) Validate() error {
	if err := CheckRejectionCode(r.Code); err != nil {
		return err
	}
	if r.USID == "" {
		return syncer.Invalid("rejectedUsid", "must not be empty")
	}
	return syncer.CheckText("rejectedUsid", r.USID, syncer.MaxUSIDLength)
}

// CheckRejectionCode returns an [syncer.Error] if no rejection can have the code.
func CheckRejectionCode(code string) error { return syncer.CheckName("code", code) }

// RejectedUSID is a [USIDRejection] that nobody has approved, as an administrator sees
// it: without the proof, which is a secret, but with who the player is.
type RejectedUSID struct {
	Code       string          `json:"code"`
	ID         syncer.PlayerID `json:"uuid"`
	Name       string          `json:"name"`    // "" if there is no such player any more
	Rank       string          `json:"rank"`    // as above
	Address    string          `json:"address"` // of the game server
	RejectedAt syncer.Time     `json:"rejectedAt"`
}
