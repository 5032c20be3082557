package syncer

// USIDRejection is a game server's report that it turned a privileged player away,
// because the proof of identity was not the stored one. To approve the code is to
// store the rejected proof for that server.
type USIDRejection struct {
	Code    string // what the player was told, unique per server and time
	ID      PlayerID
	Address string // of the game server
	USID    string // the proof that was rejected: a secret
}

// Validate returns an [Error] naming the first field that cannot be stored.
func (r USIDRejection) Validate() error {
	if err := checkName("code", r.Code); err != nil {
		return err
	}
	if r.USID == "" {
		return Invalid("rejectedUsid", "must not be empty")
	}
	return checkText("rejectedUsid", r.USID, MaxUSIDLength)
}
