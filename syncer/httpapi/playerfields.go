package httpapi

import (
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// class says what a request may do with a player's field.
type class int

const (
	unimportant class = iota // written by PATCH and leave
	important                // written by PATCH, passed over by leave
	computed                 // never written: the key, and what follows from other fields
)

// playerField is one field of a player as bodies carry it. The table of them is
// at once the decoder of PATCH and leave and their documentation.
type playerField struct {
	name   string
	class  class
	schema func() *huma.Schema
	read   func(v value, into *playerChange) bool // nil for computed fields
}

// playerChange collects what a body asks for.
type playerChange struct {
	sidecar.Patch
	now   time.Time // of the database's clock
	muted *bool
	uuid  string // the key that a whole record carries, "" if absent
}

// playerFields is the table, in the order of the record.
var playerFields = []playerField{
	{"uuid", computed, nil, nil},

	{"rank", important, func() *huma.Schema { return textSchema("Rank.", "admin", 64) }, text(func(c *playerChange) *syncer.Optional[string] { return &c.Save.Rank })},
	{"flags", important, flagsSchema, readFlags},
	{"unmuteTime", important, func() *huma.Schema { return timeSchema("Muted until.") }, moment(func(c *playerChange) *syncer.Optional[syncer.Time] { return &c.Save.UnmuteTime })},
	{"unmarkTime", important, func() *huma.Schema { return timeSchema("Marked until.") }, moment(func(c *playerChange) *syncer.Optional[syncer.Time] { return &c.Save.UnmarkTime })},
	{"muted", important, func() *huma.Schema {
		return booleanSchema("true mutes for ever, false unmutes. Not together with unmuteTime.")
	}, readMuted},
	{"attributes", important, attributesSchema, readAttributes},

	{"name", unimportant, func() *huma.Schema {
		return textSchema("Name, colour tags included.", "[accent]Steve", syncer.MaxNameLength)
	}, text(func(c *playerChange) *syncer.Optional[string] { return &c.Save.Name })},
	{"overrideName", unimportant, func() *huma.Schema { return nullableText("Name shown instead.", "Alex", syncer.MaxNameLength) }, nullable(func(c *playerChange) *syncer.Optional[*string] { return &c.Save.OverrideName })},
	{"highlight", unimportant, func() *huma.Schema {
		return nullableText("Markup put before chat messages.", "[yellow]", syncer.MaxMarkupLength)
	}, nullable(func(c *playerChange) *syncer.Optional[*string] { return &c.Save.Highlight })},
	{"rainbow", unimportant, rainbowSchema, readRainbow},
	{"chatStrictness", unimportant, func() *huma.Schema {
		return enumSchema("How strictly the chat filter judges.", syncer.StrictnessChat, syncer.StrictnessStrict)
	}, text(func(c *playerChange) *syncer.Optional[string] { return &c.Save.ChatStrictness })},
	{"showRankPrefix", unimportant, func() *huma.Schema { return booleanSchema("Show the rank before the name.") }, readShowRankPrefix},
	{"language", unimportant, func() *huma.Schema { return textSchema("Language chosen by the player.", "en", 64) }, text(func(c *playerChange) *syncer.Optional[string] { return &c.Save.Language })},
	{"achievements", unimportant, func() *huma.Schema {
		return nullableText("Bit set of achievements; united with the stored one, null clears.", "5", syncer.MaxBitsLength)
	}, nullable(func(c *playerChange) *syncer.Optional[*string] { return &c.Save.Achievements })},
	{"history", unimportant, historySchema, readHistory},

	{"usid", unimportant, func() *huma.Schema {
		return nullableText("The client's proof of identity towards the asking server.", "gB3mTVEkJpo=", syncer.MaxUSIDLength)
	}, nullable(func(c *playerChange) *syncer.Optional[*string] { return &c.Save.USID })},
	{"firstJoined", unimportant, func() *huma.Schema {
		return instantSchema("First join in the asking server's gamemode; only ever lowered.")
	}, joinTime(func(c *playerChange) *syncer.Time { return &c.Save.FirstJoined })},
	{"lastJoined", unimportant, func() *huma.Schema {
		return instantSchema("Last join in the asking server's gamemode; only ever raised.")
	}, joinTime(func(c *playerChange) *syncer.Time { return &c.Save.LastJoined })},
	{"stats", unimportant, statsSchema, readStats},

	{"globalFirstJoined", computed, nil, nil},
	{"globalLastJoined", computed, nil, nil},
	{"globalStats", computed, nil, nil},
	{"revision", computed, nil, nil},
	{"createdAt", computed, nil, nil},
}

// playerFieldNamed finds a field of the table.
var playerFieldNamed = func() map[string]*playerField {
	named := make(map[string]*playerField, len(playerFields))
	for i := range playerFields {
		named[playerFields[i].name] = &playerFields[i]
	}
	return named
}()

// Readers for the plain kinds of field.

func text(field func(*playerChange) *syncer.Optional[string]) func(value, *playerChange) bool {
	return func(v value, into *playerChange) bool {
		s, ok := v.text()
		if ok {
			*field(into) = syncer.Some(s)
		}
		return ok
	}
}

func nullable(field func(*playerChange) *syncer.Optional[*string]) func(value, *playerChange) bool {
	return func(v value, into *playerChange) bool {
		if v.null() {
			*field(into) = syncer.Some[*string](nil)
			return true
		}
		if v.raw[0] != '"' {
			return v.wrongKind("a text or null")
		}
		s, ok := v.text()
		if ok {
			*field(into) = syncer.Some(&s)
		}
		return ok
	}
}

func moment(field func(*playerChange) *syncer.Optional[syncer.Time]) func(value, *playerChange) bool {
	return func(v value, into *playerChange) bool {
		t, ok := v.time()
		if ok {
			*field(into) = syncer.Some(t)
		}
		return ok
	}
}

func joinTime(field func(*playerChange) *syncer.Time) func(value, *playerChange) bool {
	return func(v value, into *playerChange) bool {
		t, ok := v.instant()
		if ok {
			*field(into) = t
		}
		return ok
	}
}

func readMuted(v value, into *playerChange) bool {
	muted, ok := v.boolean()
	if ok {
		into.muted = &muted
	}
	return ok
}

func readShowRankPrefix(v value, into *playerChange) bool {
	show, ok := v.boolean()
	if ok {
		into.Save.ShowRankPrefix = syncer.Some(show)
	}
	return ok
}

// readAttributes reads a merge patch over the attributes. It is written anew, so
// that what is stored holds no name twice and no half of a surrogate pair.
func readAttributes(v value, into *playerChange) bool {
	if v.raw[0] != '{' {
		return v.wrongKind("an object with one key per plugin")
	}
	tree, ok := v.tree()
	if !ok {
		return false
	}
	encoded, err := json.Marshal(tree)
	if err != nil {
		return v.fault("cannot be read")
	}
	into.AttributesPatch = encoded
	return true
}
