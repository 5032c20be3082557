package syncer

// MaxKickReason bounds the reason of a [Kick], in characters.
const MaxKickReason = 512

// Kick is a request to kick a player from the game servers where he is.
type Kick struct {
	Number int64    `json:"id"`
	At     Time     `json:"at"`
	Player PlayerID `json:"uuid"`
	Reason string   `json:"reason"`    // for the player to read
	By     string   `json:"kicked_by"` // "": nobody is named
}

// Validate returns an [Error] naming the first field that cannot be stored.
func (k Kick) Validate() error {
	if err := CheckText("reason", k.Reason, MaxKickReason); err != nil {
		return err
	}
	return CheckAuthor("by", k.By)
}
