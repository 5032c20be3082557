package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"playersync/syncer"
)

const (
	auditWidth = 76  // of the lines that say what was changed
	auditValue = 400 // characters that are shown of one value
)

// auditWhat says what was changed, in words.
func auditWhat(e syncer.AuditEntry) string {
	what := string(e.Entity) + " " + e.Target.String()
	if e.Ban != 0 {
		what = fmt.Sprintf("ban %d of %s", e.Ban, e.Target)
	}
	switch {
	case e.Field == syncer.AuditPruned:
		return prunedInWords(e.New)
	case e.Field == syncer.AuditTable:
		return "all of table " + string(e.Entity) + " truncated"
	case e.Field == syncer.AuditRow && e.Old == nil:
		return what + " created" + rowInWords(e.New)
	case e.Field == syncer.AuditRow:
		return what + " deleted" + rowInWords(e.Old)
	case e.Field == syncer.AuditLift && e.New != nil:
		return what + " lifted" + rowInWords(e.New)
	case e.Field == syncer.AuditLift:
		return what + " opened again"
	default:
		return what + ": " + changeInWords(e)
	}
}

// rowInWords lists what a row held that differs from the defaults.
func rowInWords(row []byte) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(row, &members) != nil {
		return ": " + valueInWords(row)
	}
	var said []string
	for _, member := range []struct{ name, words string }{
		{"name", "name "},
		{"rank", "rank "},
		{"flags", "flags "},
		{"unmuteTime", "muted "},
		{"muteReason", "reason of the mute "},
		{"unmarkTime", "marked "},
		{"attributes", "attributes "},
		{"by", "by "},
		{"expiresAt", ""},
		{"reason", "reason "},
	} {
		value := valueInWords(members[member.name])
		if slices.Contains([]string{"nothing", "{}", "[]", syncer.DefaultRank}, value) {
			continue
		}
		if strings.HasSuffix(member.name, "Time") || member.name == "expiresAt" {
			value = untilInWords(value)
		}
		said = append(said, member.words+value)
	}
	if len(said) == 0 {
		return ""
	}
	return ": " + strings.Join(said, ", ")
}

// prunedInWords says how much the audit forgot.
func prunedInWords(pruned []byte) string {
	var members struct {
		Before  json.RawMessage `json:"before"`
		Changes int             `json:"changes"`
	}
	if json.Unmarshal(pruned, &members) != nil {
		return "changes forgotten: " + valueInWords(pruned)
	}
	return fmt.Sprintf("%s before %s forgotten",
		syncer.Counted(members.Changes, "change"), valueInWords(members.Before))
}

// changeInWords says how one field was changed.
func changeInWords(e syncer.AuditEntry) string {
	before, after := valueInWords(e.Old), valueInWords(e.New)
	switch e.Field {
	case "flags":
		return flagsInWords(e.Old, e.New)
	case syncer.AuditUSID:
		return usidsInWords(e.Old, e.New)
	case "attributes":
		return strings.Join(leavesInWords(nil, "", e.Old, e.New), ", ")
	case "unmuteTime", "unmarkTime":
		done := map[syncer.AuditField]string{"unmuteTime": "muted", "unmarkTime": "marked"}[e.Field]
		switch {
		case after == "nothing":
			return "un" + done + ", was " + done + " " + untilInWords(before)
		case before == "nothing":
			return done + " " + untilInWords(after)
		default:
			return done + " " + untilInWords(before) + " → " + untilInWords(after)
		}
	case syncer.AuditKick:
		return "to be kicked, reason " + after
	case "muteReason":
		return "reason of the mute " + before + " → " + after
	case "expiresAt":
		return untilInWords(before) + " → " + untilInWords(after)
	default:
		return string(e.Field) + " " + before + " → " + after
	}
}

// usidsInWords says on which servers a player lost a usid, and where there is another.
func usidsInWords(lost, got []byte) string {
	var before, after []string
	if json.Unmarshal(lost, &before) != nil || json.Unmarshal(got, &after) != nil {
		return "usid " + valueInWords(lost) + " → " + valueInWords(got)
	}
	changes := make([]string, len(before))
	for i, address := range before {
		changes[i] = "usid on " + address + " removed"
		if slices.Contains(after, address) {
			changes[i] = "usid on " + address + " replaced"
		}
	}
	return strings.Join(changes, ", ")
}

// untilInWords says when something ends, by a time in words.
func untilInWords(end string) string {
	switch end {
	case "for ever":
		return end
	case "nothing":
		return "until lifted"
	default:
		return "until " + end
	}
}

// flagsInWords lists the flags that were added and removed.
func flagsInWords(before, after []byte) string {
	var old, current []string
	if json.Unmarshal(before, &old) != nil || json.Unmarshal(after, &current) != nil {
		return "flags " + valueInWords(before) + " → " + valueInWords(after)
	}
	var changes []string
	for _, flag := range current {
		if !slices.Contains(old, flag) {
			changes = append(changes, "flag "+flag+" added")
		}
	}
	for _, flag := range old {
		if !slices.Contains(current, flag) {
			changes = append(changes, "flag "+flag+" removed")
		}
	}
	return cmp.Or(strings.Join(changes, ", "), "flags in another order")
}

// leavesInWords adds to the list each value within two JSON texts that differs, by its path.
func leavesInWords(list []string, path string, before, after json.RawMessage) []string {
	if bytes.Equal(before, after) {
		return list
	}
	var old, current map[string]json.RawMessage
	isObject := json.Unmarshal(before, &old) == nil && json.Unmarshal(after, &current) == nil
	if !isObject || old == nil || current == nil {
		return append(list, cmp.Or(path, "attributes")+" "+valueInWords(before)+" → "+valueInWords(after))
	}
	names := map[string]bool{}
	for name := range old {
		names[name] = true
	}
	for name := range current {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		list = leavesInWords(list, strings.TrimPrefix(path+"."+name, "."), old[name], current[name])
	}
	return list
}

// valueInWords shows a value: texts without quotes, times as clocks show them, and none as
// nothing.
func valueInWords(value []byte) string {
	var text string
	switch {
	case len(value) == 0 || bytes.Equal(value, []byte("null")):
		return "nothing"
	case json.Unmarshal(value, &text) != nil:
		text = strings.Join(strings.Fields(string(value)), " ")
	default:
		if at, err := syncer.ParseTime(text); err == nil {
			text = clock(at, "")
		}
		text = cmp.Or(text, "nothing")
	}
	if runes := []rune(text); len(runes) > auditValue {
		return string(runes[:auditValue-1]) + "…"
	}
	return text
}

// wrapped splits a text into lines at most so wide, at spaces where it can.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && uniseg.StringWidth(line+" "+word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
		for graphemes := uniseg.NewGraphemes(word); graphemes.Next(); line += graphemes.Str() {
			if uniseg.StringWidth(line)+graphemes.Width() > width {
				lines, line = append(lines, line), ""
			}
		}
	}
	return append(lines, line)
}
