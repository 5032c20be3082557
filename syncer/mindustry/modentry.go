package mindustry

import (
	"playersync/syncer"
)

// MaxModMessage bounds a [ModEntry]'s message, in characters.
const MaxModMessage = 1 << 16

// ModEntry is one entry of the moderation log.
type ModEntry struct {
	Token   [16]byte    `json:"token"` // a random UUID: an entry sent twice is stored once
	At      syncer.Time `json:"at"`
	Source  string      `json:"source"` // address of the game server
	Message string      `json:"message"`
}

// Validate returns an [syncer.Error] naming the first field that cannot be stored.
func (e ModEntry) Validate() error {
	if e.Message == "" {
		return syncer.Invalid("message", "must not be empty")
	}
	return syncer.CheckText("message", e.Message, MaxModMessage)
}
