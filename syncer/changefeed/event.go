package changefeed

import (
	"strings"

	"playersync/syncer"
)

// EventType names what an [Event] is about.
type EventType string

// EventTypes are all of them.
var EventTypes = []EventType{
	EventPlayer, EventBalance, EventBan, EventChat, EventPresence, EventKick, EventAntibot, EventBlacklist,
	EventModeration, EventResync,
}

// EventTypeList returns all event types with a separator between them.
func EventTypeList(separator string) string {
	names := make([]string, len(EventTypes))
	for i, t := range EventTypes {
		names[i] = string(t)
	}
	return strings.Join(names, separator)
}

// The event types.
const (
	EventPlayer   EventType = "player"   // one player changed
	EventBalance  EventType = "balance"  // balances of one player changed
	EventBan      EventType = "ban"      // one target was banned, unbanned or has another expiry
	EventChat     EventType = "chat"     // a message of the staff chat
	EventPresence EventType = "presence" // a player came to a server or left it
	EventKick     EventType = "kick"     // somebody wants a player kicked

	EventAntibot    EventType = "antibot"    // a name pattern against bots was set or cleared
	EventBlacklist  EventType = "blacklist"  // an address was blacklisted, or is not any more
	EventModeration EventType = "moderation" // an entry of the moderation log

	EventResync EventType = "resync" // anything may have changed: read what you keep again
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

	// Of an antibot, blacklist or moderation event: the row as the package of the game has it.
	// A pattern that was cleared is empty.
	Row Row
}
