package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

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

func readFlags(v value, into *playerChange) bool {
	switch v.raw[0] {
	case '[':
		flags, ok := v.texts()
		if ok {
			into.Save.Flags = syncer.Some(flags)
		}
		return ok
	case '{':
		return readFlagChanges(v, into)
	default:
		return v.wrongKind(`a list, or an object with "add" and "remove"`)
	}
}

func readFlagChanges(v value, into *playerChange) bool {
	members, ok := v.members()
	for _, m := range members {
		var flags []string
		memberOK := true
		switch m.name {
		case "add":
			flags, memberOK = m.texts()
			into.AddFlags = flags
		case "remove":
			flags, memberOK = m.texts()
			into.RemoveFlags = flags
		default:
			memberOK = m.fault(`is unknown; flags take a list, or "add" and "remove"`)
		}
		ok = ok && memberOK
	}
	return ok
}

func attributesSchema() *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true,
		Description: "JSON merge patch (RFC 7396) over the object that holds one key per plugin.",
		Examples:    []any{map[string]any{"economy": map[string]any{"tier": 2}}},
	}
}

func rainbowSchema() *huma.Schema {
	s := objectSchema("Colour effect on the name, null for none.",
		map[string]*huma.Schema{"speed": integerSchema("Speed.", 1, syncer.MaxRainbowSpeed)}, "speed")
	s.Nullable = true
	return s
}

func readRainbow(v value, into *playerChange) bool {
	if v.null() {
		into.Save.Rainbow = syncer.Some[*syncer.Rainbow](nil)
		return true
	}
	if v.raw[0] != '{' {
		return v.wrongKind("an object with a speed, or null")
	}
	members, ok := v.members()
	speed := int64(0)
	given := false
	for _, m := range members {
		if m.name != "speed" {
			ok = m.fault("is unknown; a rainbow has a speed")
			continue
		}
		n, isInteger := m.integer()
		speed, given, ok = n, true, ok && isInteger
	}
	switch {
	case !ok:
		return false
	case !given:
		return v.missing("speed")
	case speed < 1 || speed > syncer.MaxRainbowSpeed:
		return v.faultAt("speed", "must be from 1 to %d, is %d", syncer.MaxRainbowSpeed, speed)
	}
	into.Save.Rainbow = syncer.Some(&syncer.Rainbow{Speed: int(speed)})
	return true
}

func historySchema() *huma.Schema {
	return listSchema("Entries to add; nothing can be removed.", objectSchema("A moderation action.", map[string]*huma.Schema{
		"action": textSchema("What was done.", "muted", syncer.MaxHistoryText),
		"by":     textSchema("Who did it.", "Steve", syncer.MaxHistoryText),
		"time":   instantSchema("When; now if absent."),
	}, "action", "by"), 1000)
}

func readHistory(v value, into *playerChange) bool {
	items, ok := v.list()
	for _, item := range items {
		entry, itemOK := readHistoryEntry(item, into)
		if ok = ok && itemOK; ok {
			into.Save.History = append(into.Save.History, entry)
		}
	}
	return ok
}

func readHistoryEntry(v value, into *playerChange) (syncer.HistoryEntry, bool) {
	members, ok := v.members()
	if !ok {
		return syncer.HistoryEntry{}, false
	}
	entry := syncer.HistoryEntry{Time: syncer.TimeOf(into.now)}
	given := map[string]bool{}
	for _, m := range members {
		given[m.name] = true
		memberOK := true
		switch m.name {
		case "action":
			entry.Action, memberOK = m.text()
		case "by":
			entry.By, memberOK = m.text()
		case "time":
			if !m.null() {
				entry.Time, memberOK = m.instant()
			}
		default:
			memberOK = m.fault("is unknown; an entry has action, by and time")
		}
		ok = ok && memberOK
	}
	for _, name := range []string{"action", "by"} {
		if !given[name] {
			ok = v.missing(name)
		}
	}
	return entry, ok
}

func statsSchema() *huma.Schema {
	s := mapSchema("Counters of the asking server's gamemode: the values as the server has them. Null says nothing.",
		integerSchema("", -float64(syncer.MaxCounter), float64(syncer.MaxCounter)))
	s.Nullable = true
	s.Examples = []any{map[string]any{"blocksBroken": 120}}
	return s
}

func readStats(v value, into *playerChange) bool {
	if v.null() {
		return true
	}
	if v.raw[0] != '{' {
		return v.wrongKind("an object of counters, or null")
	}
	members, ok := v.members()
	stats := make(map[string]int64, len(members))
	for _, m := range members {
		if m.null() {
			continue
		}
		count, isInteger := m.integer()
		stats[m.name], ok = count, ok && isInteger
	}
	if ok {
		into.Save.Stats = stats
	}
	return ok
}

// missing notes that an object lacks a member.
func (v value) missing(name string) bool { return v.faultAt(name, "is missing") }

// faultAt notes what is wrong with a member that the object has or should have.
func (v value) faultAt(name, format string, args ...any) bool {
	return value{path: v.child(name), faults: v.faults}.fault(format, args...)
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
