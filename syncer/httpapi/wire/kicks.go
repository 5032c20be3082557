package wire

import "playersync/syncer"

// NewKick asks to kick a player.
type NewKick struct {
	Reason string `json:"reason,omitempty" maxLength:"512" example:"spam" doc:"Why, for the player to read."`
	By     string `json:"by,omitempty" maxLength:"512" example:"Alice" doc:"Who wants it."`
}

// Kick returns the request to kick the player. The message may be nil.
func (k *NewKick) Kick(id syncer.PlayerID) syncer.Kick {
	said := value(k)
	return syncer.Kick{Player: id, Reason: said.Reason, By: said.By}
}

// KickAsked says whom is to be kicked, and who was asked.
type KickAsked struct {
	UUID    syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Whom."`
	Servers []string        `json:"servers" example:"survival-1" doc:"The game servers where the player is."`
}

// KickAskedOf returns the message for a request that was made.
func KickAskedOf(id syncer.PlayerID, servers []string) KickAsked {
	return KickAsked{UUID: id, Servers: append([]string{}, servers...)}
}
