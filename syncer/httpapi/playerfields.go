package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// class says what a request may do with a player's field.
type class int

const (
	unimportant class = iota // written by PATCH and leave; also what is unsynced
	important                // written by PATCH, passed over by leave
	computed                 // never written: the key, and what follows from other fields
)

// playerField is one field of a player as bodies carry it. The table of them is
// at once the decoder of PATCH and leave and their documentation.
type playerField struct {
	name     string
	class    class
	nullable bool                                // null has a meaning, which read knows
	schema   func() *huma.Schema                 // nil for computed fields
	read     func(v value, change *playerChange) // nil for computed fields
}

// playerChange collects what a body asks for.
type playerChange struct {
	sidecar.Patch
	now   time.Time // of the database's clock
	muted *bool
}

// playerFields is the table, in the order of the record.
var playerFields = []playerField{
	{name: "uuid", class: computed},

	{
		name: "rank", class: important,
		schema: func() *huma.Schema { return textSchema("Rank.", "admin", 64) },
		read:   func(v value, c *playerChange) { v.setText(&c.Save.Rank) },
	},
	{
		name: "flags", class: important,
		schema: flagsSchema,
		read:   readFlags,
	},
	{
		name: "unmuteTime", class: important, nullable: true,
		schema: func() *huma.Schema { return timeSchema("Muted until.") },
		read:   func(v value, c *playerChange) { v.setTime(&c.Save.UnmuteTime) },
	},
	{
		name: "unmarkTime", class: important, nullable: true,
		schema: func() *huma.Schema { return timeSchema("Marked until.") },
		read:   func(v value, c *playerChange) { v.setTime(&c.Save.UnmarkTime) },
	},
	{
		name: "muted", class: important,
		schema: func() *huma.Schema {
			return booleanSchema("true mutes for ever, false unmutes. Not together with unmuteTime.")
		},
		read: readMuted,
	},
	{
		name: "attributes", class: important,
		schema: attributesSchema,
		read:   readAttributes,
	},

	{
		name: "name", class: unimportant,
		schema: func() *huma.Schema {
			return textSchema("Name, colour tags included.", "[accent]Steve", syncer.MaxNameLength)
		},
		read: func(v value, c *playerChange) { v.setText(&c.Save.Name) },
	},
	{
		name: "overrideName", class: unimportant, nullable: true,
		schema: func() *huma.Schema { return nullableText("Name shown instead.", "Alex", syncer.MaxNameLength) },
		read:   func(v value, c *playerChange) { v.setNullable(&c.Save.OverrideName) },
	},
	{
		name: "highlight", class: unimportant, nullable: true,
		schema: func() *huma.Schema {
			return nullableText("Markup put before chat messages.", "[yellow]", syncer.MaxMarkupLength)
		},
		read: func(v value, c *playerChange) { v.setNullable(&c.Save.Highlight) },
	},
	{
		name: "rainbow", class: unimportant, nullable: true,
		schema: rainbowSchema,
		read:   readRainbow,
	},
	{
		name: "chatStrictness", class: unimportant,
		schema: func() *huma.Schema {
			return enumSchema("How strictly the chat filter judges.", syncer.StrictnessChat, syncer.StrictnessStrict)
		},
		read: func(v value, c *playerChange) { v.setText(&c.Save.ChatStrictness) },
	},
	{
		name: "showRankPrefix", class: unimportant,
		schema: func() *huma.Schema { return booleanSchema("Show the rank before the name.") },
		read:   func(v value, c *playerChange) { v.setBoolean(&c.Save.ShowRankPrefix) },
	},
	{
		name: "language", class: unimportant,
		schema: func() *huma.Schema { return textSchema("Language chosen by the player.", "en", 64) },
		read:   func(v value, c *playerChange) { v.setText(&c.Save.Language) },
	},
	{
		name: "achievements", class: unimportant, nullable: true,
		schema: func() *huma.Schema {
			return nullableText("Bit set of achievements; united with the stored one, null clears.", "5", syncer.MaxBitsLength)
		},
		read: func(v value, c *playerChange) { v.setNullable(&c.Save.Achievements) },
	},
	{
		name: "history", class: unimportant,
		schema: historySchema,
		read:   readHistory,
	},

	{
		name: "usid", class: unimportant, nullable: true,
		schema: func() *huma.Schema {
			return nullableText("The client's proof of identity towards the asking server.", "gB3mTVEkJpo=", syncer.MaxUSIDLength)
		},
		read: func(v value, c *playerChange) { v.setNullable(&c.Save.USID) },
	},
	{
		name: "firstJoined", class: unimportant, nullable: true,
		schema: func() *huma.Schema {
			return instantSchema("First join in the asking server's gamemode; only ever lowered.")
		},
		read: func(v value, c *playerChange) { c.Save.FirstJoined = v.instant() },
	},
	{
		name: "lastJoined", class: unimportant, nullable: true,
		schema: func() *huma.Schema {
			return instantSchema("Last join in the asking server's gamemode; only ever raised.")
		},
		read: func(v value, c *playerChange) { c.Save.LastJoined = v.instant() },
	},
	{
		name: "stats", class: unimportant, nullable: true,
		schema: statsSchema,
		read:   readStats,
	},

	{name: "globalFirstJoined", class: computed},
	{name: "globalLastJoined", class: computed},
	{name: "globalStats", class: computed},
	{name: "revision", class: computed},
	{name: "createdAt", class: computed},
}

// playerFieldNamed finds a field of the table.
var playerFieldNamed = func() map[string]*playerField {
	named := make(map[string]*playerField, len(playerFields))
	for i := range playerFields {
		named[playerFields[i].name] = &playerFields[i]
	}
	return named
}()

// setText sets a field that is a text.
func (v value) setText(field *syncer.Optional[string]) {
	if text, ok := v.text(); ok {
		*field = syncer.Some(text)
	}
}

// setNullable sets a field that is a text or null.
func (v value) setNullable(field *syncer.Optional[*string]) {
	switch v.raw[0] {
	case 'n':
		*field = syncer.Some[*string](nil)
	case '"':
		if text, ok := v.text(); ok {
			*field = syncer.Some(&text)
		}
	default:
		v.wrongKind("a text or null")
	}
}

// setBoolean sets a field that is true or false.
func (v value) setBoolean(field *syncer.Optional[bool]) {
	if is, ok := v.boolean(); ok {
		*field = syncer.Some(is)
	}
}

// setTime sets a field that is none, an instant, or for ever.
func (v value) setTime(field *syncer.Optional[syncer.Time]) {
	if t, ok := v.time(); ok {
		*field = syncer.Some(t)
	}
}
