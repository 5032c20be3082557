package mindustry

import (
	"playersync/syncer"
)

// MaxModMessage bounds a [ModEntry]'s message, in characters.
const MaxModMessage = 1 << 16

// ModEntry is one entry of the moderation log.
type ModEntry struct {
	Number  int64       `json:"number,omitempty"` // higher was stored later; 0: not stored yet
	Token   [16]byte    `json:"token"`            // a random UUID: an entry sent twice is stored once
	At      syncer.Time `json:"at"`
	Source  string      `json:"source"` // address of the game server
	Message string      `json:"message"`
}

// ModLogFilter says which entries to list; zero fields do not matter.
type ModLogFilter struct {
	Source string
	Text   string      // that the message contains, in any case
	Since  syncer.Time // not before
	Until  syncer.Time // before
}

// Validate returns an [syncer.Error] naming the first field that nothing can match.
func (f ModLogFilter) Validate() error {
	if err := syncer.CheckText("source", f.Source, syncer.MaxHistoryText); err != nil {
		return err
	}
	if err := syncer.CheckText("text", f.Text, MaxModMessage); err != nil {
		return err
	}
	since, begins := f.Since.Instant()
	if until, ends := f.Until.Instant(); begins && ends && !since.Before(until) {
		return syncer.Invalid("to", "must be later than from")
	}
	return nil
}

// Validate returns an [syncer.Error] naming the first field that cannot be stored.
func (e ModEntry) Validate() error {
	if err := syncer.CheckText("source", e.Source, syncer.MaxHistoryText); err != nil {
		return err
	}
	if e.Message == "" {
		return syncer.Invalid("message", "must not be empty")
	}
	return syncer.CheckText("message", e.Message, MaxModMessage)
}
