package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
)

// Readers and schemas of the fields that are more than one plain value.

func flagsSchema() *huma.Schema {
	flags := func(doc string) *huma.Schema {
		return listSchema(doc, textSchema("", "trusted", 64), syncer.MaxFlags)
	}
	return &huma.Schema{
		Description: "The whole set, or what to add and remove.",
		OneOf: []*huma.Schema{
			flags("The whole set."),
			objectSchema("Changes.", map[string]*huma.Schema{"add": flags("Flags to add."), "remove": flags("Flags to remove.")}),
		},
	}
}

func readFlags(v value, c *playerChange) {
	switch v.raw[0] {
	case '[':
		if flags, ok := v.texts(); ok {
			c.Save.Flags = syncer.Some(flags)
		}
	case '{':
		readFlagChanges(v, c)
	default:
		v.wrongKind(`a list, or an object with "add" and "remove"`)
	}
}

func readFlagChanges(v value, c *playerChange) {
	members, _ := v.members()
	for _, m := range members {
		switch m.name {
		case "add":
			c.AddFlags, _ = m.texts()
		case "remove":
			c.RemoveFlags, _ = m.texts()
		default:
			m.fault(`is unknown; flags take a list, or "add" and "remove"`)
		}
	}
}

// readMuted notes the boolean view of unmuteTime.
func readMuted(v value, c *playerChange) {
	if muted, ok := v.boolean(); ok {
		c.muted = &muted
	}
}

func attributesSchema() *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true,
		Description: "JSON merge patch (RFC 7396) over the object that holds one key per plugin.",
		Examples:    []any{map[string]any{"economy": map[string]any{"tier": 2}}},
	}
}

// readAttributes reads a merge patch over the attributes. It is written anew, so
// that what is stored holds no name twice and no half of a surrogate pair.
func readAttributes(v value, c *playerChange) {
	if v.raw[0] != '{' {
		v.wrongKind("an object with one key per plugin")
		return
	}
	if tree, ok := v.tree(); ok {
		c.AttributesPatch = appendJSON(nil, tree)
	}
}

func rainbowSchema() *huma.Schema {
	s := objectSchema("Colour effect on the name, null for none.",
		map[string]*huma.Schema{"speed": integerSchema("Speed.", 1, syncer.MaxRainbowSpeed)}, "speed")
	s.Nullable = true
	return s
}

func readRainbow(v value, c *playerChange) {
	if v.null() {
		c.Save.Rainbow = syncer.Some[*syncer.Rainbow](nil)
		return
	}
	if v.raw[0] != '{' {
		v.wrongKind("an object with a speed, or null")
		return
	}
	members, ok := v.members()
	var speed *value
	for _, m := range members {
		if m.name == "speed" {
			speed = &m.value
		} else {
			ok = m.fault("is unknown; a rainbow has a speed")
		}
	}
	switch {
	case !ok:
	case speed == nil:
		v.missing("speed")
	default:
		readSpeed(*speed, c)
	}
}

func readSpeed(v value, c *playerChange) {
	speed, ok := v.integer()
	switch {
	case !ok:
	case speed < 1 || speed > syncer.MaxRainbowSpeed:
		v.fault("must be from 1 to %d, is %d", syncer.MaxRainbowSpeed, speed)
	default:
		c.Save.Rainbow = syncer.Some(&syncer.Rainbow{Speed: int(speed)})
	}
}

func historySchema() *huma.Schema {
	return listSchema("Entries to add; nothing can be removed.", objectSchema("A moderation action.", map[string]*huma.Schema{
		"action": textSchema("What was done.", "muted", syncer.MaxHistoryText),
		"by":     textSchema("Who did it.", "Steve", syncer.MaxHistoryText),
		"time":   instantSchema("When; now if absent."),
	}, "action", "by"), 1000)
}

func readHistory(v value, c *playerChange) {
	items, _ := v.list()
	for _, item := range items {
		c.Save.History = append(c.Save.History, readHistoryEntry(item, c.now))
	}
}

func readHistoryEntry(v value, now time.Time) syncer.HistoryEntry {
	entry := syncer.HistoryEntry{Time: syncer.TimeOf(now)}
	var acted, signed bool
	members, ok := v.members()
	for _, m := range members {
		switch m.name {
		case "action":
			acted = true
			entry.Action, _ = m.text()
		case "by":
			signed = true
			entry.By, _ = m.text()
		case "time":
			if !m.null() {
				entry.Time = m.instant()
			}
		default:
			m.fault("is unknown; an entry has action, by and time")
		}
	}
	if ok && !acted {
		v.missing("action")
	}
	if ok && !signed {
		v.missing("by")
	}
	return entry
}

func statsSchema() *huma.Schema {
	s := mapSchema("Counters of the asking server's gamemode: the values as the server has them. Null says nothing.",
		integerSchema("", -float64(syncer.MaxCounter), float64(syncer.MaxCounter)))
	s.Nullable = true
	s.Examples = []any{map[string]any{"blocksBroken": 120}}
	return s
}

func readStats(v value, c *playerChange) {
	if v.null() {
		return
	}
	if v.raw[0] != '{' {
		v.wrongKind("an object of counters, or null")
		return
	}
	members, _ := v.members()
	c.Save.Stats = make(map[string]int64, len(members))
	for _, m := range members {
		if !m.null() {
			c.Save.Stats[m.name], _ = m.integer()
		}
	}
}

// missing notes that an object lacks a member.
func (v value) missing(name string) { v.faultAt(name, "is missing") }

// faultAt notes what is wrong with a member that the object has or should have.
func (v value) faultAt(name, format string, args ...any) {
	value{path: v.child(name), faults: v.faults}.fault(format, args...)
}

// tree reads the value as Go's maps, slices and json.Number, and refuses numbers
// that no double can hold: readers in other languages would get infinity.
func (v value) tree() (any, bool) {
	decoder := json.NewDecoder(bytes.NewReader(v.raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, v.fault("cannot be read")
	}
	return tree, v.checkNumbers(v.path, tree)
}

func (v value) checkNumbers(path string, tree any) bool {
	ok := true
	switch node := tree.(type) {
	case json.Number:
		if !storable(node.String()) {
			return value{path: path, faults: v.faults}.fault("is a number that a double cannot hold")
		}
	case []any:
		for i, item := range node {
			ok = v.checkNumbers(fmt.Sprintf("%s[%d]", path, i), item) && ok
		}
	case map[string]any:
		for name, item := range node {
			ok = v.checkNumbers(value{path: path}.child(name), item) && ok
		}
	}
	return ok
}

// storable reports whether a number fits a double without turning into infinity
// or, unless it is written as zero, into zero.
func storable(number string) bool {
	const longest = 400 // digits; more cannot matter to a double
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || len(number) > longest {
		return false
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(number), "e")
	return f != 0 || !strings.ContainsAny(mantissa, "123456789")
}
