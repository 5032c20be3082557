package store

import (
	"encoding/json"
	"fmt"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// wireChange is a change as the SQL function feed_change and its users build it.
type wireChange struct {
	Entity   syncer.Entity          `json:"e"`
	Key      string                 `json:"k"` // absent: the whole table
	Xid      uint64                 `json:"x"`
	Micros   int64                  `json:"t"` // since 1970
	Revision int64                  `json:"r"`
	Player   *syncer.Synced         `json:"p"`
	History  []syncer.HistoryEntry  `json:"h"`
	Open     *bool                  `json:"o"`
	Expires  syncer.Time            `json:"u"`
	Message  *changefeed.NewMessage `json:"m"`
	Session  *changefeed.SessionRow `json:"s"`
	Balances []syncer.Balance       `json:"b"`
	Kick     *syncer.Kick           `json:"q"`
	ModEntry *mindustry.ModEntry    `json:"l"`
}

func (w wireChange) change() changefeed.Change {
	c := changefeed.Change{Entity: w.Entity, Key: w.Key, Xid: w.Xid, At: time.UnixMicro(w.Micros)}
	switch {
	case w.Player != nil:
		w.Player.Flags = syncer.NormalizeSet(w.Player.Flags) // people write them in any order
		c.Row = &changefeed.PlayerRow{Revision: w.Revision, Synced: *w.Player}
	case w.History != nil:
		c.Row = &changefeed.HistoryRow{Entries: w.History}
	case w.Balances != nil:
		c.Row = &changefeed.BalanceRow{Balances: w.Balances}
	case w.Message != nil:
		c.Row = w.Message
	case w.Kick != nil:
		c.Row = w.Kick
	case w.ModEntry != nil:
		c.Row = w.ModEntry
	case w.Session != nil:
		w.Session.Online = w.Open != nil && *w.Open
		c.Row = w.Session
	case w.Open != nil && w.Entity == syncer.EntityBlacklist:
		c.Row = &mindustry.BlacklistRow{Address: w.Key, Listed: *w.Open, Revision: w.Revision}
	case w.Open != nil:
		c.Row = &changefeed.BanRow{Open: *w.Open, ExpiresAt: w.Expires, Revision: w.Revision}
	}
	return c
}

// decodeChanges reads a JSON array of changes: a notification or a poll's result.
func decodeChanges(text string) ([]changefeed.Change, error) {
	wire, ok := scanChanges(text)
	if !ok {
		wire = nil
		if err := json.Unmarshal([]byte(text), &wire); err != nil {
			return nil, fmt.Errorf("decode changes: %w", err)
		}
	}
	changes := make([]changefeed.Change, len(wire))
	for i, w := range wire {
		changes[i] = w.change()
	}
	return changes, nil
}

// decodeNotification reads what a notification says; nil: a newer version sent it, and the
// poll that follows reads the truth.
func decodeNotification(message string) []changefeed.Change {
	changes, err := decodeChanges(message)
	if err != nil {
		return nil
	}
	return changes
}

// decodeEach reads changes that came one by one; NULLs are left out.
func decodeEach(items []json.RawMessage) ([]changefeed.Change, []json.RawMessage, error) {
	var changes []changefeed.Change
	var present []json.RawMessage
	for _, item := range items {
		if len(item) == 0 {
			continue
		}
		w, ok := scanChange(string(item))
		if !ok {
			w = wireChange{}
			if err := json.Unmarshal(item, &w); err != nil {
				return nil, nil, fmt.Errorf("decode change: %w", err)
			}
		}
		changes = append(changes, w.change())
		present = append(present, item)
	}
	return changes, present, nil
}
