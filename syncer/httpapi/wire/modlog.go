package wire

import (
	"playersync/syncer/mindustry"
)

import "playersync/syncer"

// NewModEntry is what is to be written into the moderation log.
type NewModEntry struct {
	Message string `json:"message" maxLength:"65536" example:"Steve was stopped by Alice" doc:"What happened."`
	Source  string `json:"source,omitempty" maxLength:"512" example:"survival-1" doc:"Who reports it; absent: the asking server."`
}

// ModEntry is one entry of the moderation log.
type ModEntry struct {
	ID      int64       `json:"id" example:"12" doc:"Number; higher was stored later."`
	At      syncer.Time `json:"at" example:"2030-01-02T03:04:05.000Z" doc:"When it was reported."`
	Source  string      `json:"source" example:"survival-1" doc:"The game server that reported it, by address or name, or who wrote it."`
	Message string      `json:"message" example:"Steve was stopped by Alice" doc:"What happened."`
}

// ModEntryOf returns the entry.
func ModEntryOf(e mindustry.ModEntry) ModEntry {
	return ModEntry{ID: e.Number, At: e.At, Source: e.Source, Message: e.Message}
}

// ModEntriesOf returns the entries, never nil.
func ModEntriesOf(entries []mindustry.ModEntry) []ModEntry {
	out := make([]ModEntry, len(entries))
	for i, e := range entries {
		out[i] = ModEntryOf(e)
	}
	return out
}

// ModLogPage is one page of the moderation log.
type ModLogPage struct {
	Entries []ModEntry `json:"entries" doc:"The entries, newest first."`
	Next    *string    `json:"next" doc:"The next page's after; null: this is the last."`
}
