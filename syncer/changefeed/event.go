package changefeed

import (
	"playersync/syncer"
)

// EventType names what an [Event] is about.
type EventType string

// The event types.
const (
	EventPlayer   EventType = "player"   // one player changed
	EventBalance  EventType = "balance"  // balances of one player changed
	EventBan      EventType = "ban"      // one target was banned, unbanned or has another expiry
	EventChat     EventType = "chat"     // a message of the staff chat
	EventPresence EventType = "presence" // a player came to a server or left it
	EventKick     EventType = "kick"     // somebody wants a player kicked
	EventResync   EventType = "resync"   // anything may have changed: read what you keep again
)

// Event is a change as subscribers see it, after it was applied in memory.
type Event struct {
	Type EventType

	// Of a player event.
	ID     syncer.PlayerID
	Player *syncer.Player // nil: not held here, or gone; ask for it if it matters
	Gone   bool           // the row was deleted

	// Of a balance event, which has an ID too: all balances by currency, nil if not
	// held here.
	Balances *syncer.Balances

	// Of a ban event.
	Target    syncer.Target
	Banned    bool
	ExpiresAt syncer.Time // none: until lifted

	// Of a chat event.
	Message *syncer.StaffMessage

	// Of a presence event.
	Session *syncer.Session
	Online  bool // it began; else it ended

	// Of a kick event, which has an ID too.
	Kick *syncer.Kick
}
