package merge_test

import (
	"fmt"
	"maps"
	"strings"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// cells is a player taken apart into single values, each with a name that says how
// it is merged. It is the model that the merge rules are held against: it knows
// nothing of sets, patches or records.
//
//	first:, last:    join times, which only fall or only rise
//	stat:            counters, which are moved
//	has:             what only ever grows: history entries, achievements
//	anything else    a scalar; a flag is one scalar per member
type cells map[string]any

// mute is one cell: its end and its reason come and go together.
type mute struct {
	until  syncer.Time
	reason string
}

// cellsOf takes v apart.
func cellsOf(v merge.View, s syncer.GameServer) cells {
	c := cells{
		"!rank": v.Rank, "!mute": mute{v.UnmuteTime, v.MuteReason}, "!unmark": v.UnmarkTime,
		"name": v.Name, "override": deref(v.OverrideName), "highlight": deref(v.Highlight), "rainbow": deref(v.Rainbow),
		"strictness": v.ChatStrictness, "prefix": v.ShowRankPrefix, "language": v.Language,
		"usid " + s.Address: deref(v.USID),
	}
	for _, flag := range v.Flags {
		c["!flag "+flag] = true
	}
	attributes, _ := parsed(v.Attributes).(map[string]any)
	for plugin, value := range attributes {
		if inner, ok := value.(map[string]any); ok {
			for key, leaf := range inner {
				c["!attribute "+plugin+"."+key] = fmt.Sprint(leaf)
			}
			continue
		}
		c["!attribute "+plugin] = fmt.Sprint(value)
	}
	for _, entry := range v.History {
		c["has: "+fmt.Sprint(entry)] = true
	}
	if v.Achievements != nil {
		bits, _ := syncer.ParseBits(*v.Achievements)
		for i := range 64 * len(bits) {
			if bits[i/64]&(1<<(i%64)) != 0 {
				c[fmt.Sprint("has: bit ", i)] = true
			}
		}
	}
	for name, count := range v.Stats {
		c["stat: "+s.Gamemode+" "+name] = count
	}
	if !v.FirstJoined.IsZero() {
		c["first: "+s.Gamemode] = v.FirstJoined
	}
	if !v.LastJoined.IsZero() {
		c["last: "+s.Gamemode] = v.LastJoined
	}
	return c
}

func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// isImportant reports whether a leave must not save the cell.
func isImportant(cell string) bool { return strings.HasPrefix(cell, "!") }

// merge stores in c what mine really changed since shown.
func (c cells) merge(shown, mine cells, leaving bool) {
	for cell := range union(shown, mine) {
		if leaving && isImportant(cell) || shown[cell] == mine[cell] {
			continue
		}
		class, _, _ := strings.Cut(cell, ":")
		switch class {
		case "stat":
			c[cell] = number(c[cell]) + number(mine[cell]) - number(shown[cell])
		case "has":
			c[cell] = true
		case "first":
			if c[cell] == nil || ms(mine[cell]) < ms(c[cell]) {
				c[cell] = mine[cell]
			}
		case "last":
			if c[cell] == nil || ms(mine[cell]) > ms(c[cell]) {
				c[cell] = mine[cell]
			}
		default:
			c[cell] = mine[cell]
			if mine[cell] == nil {
				delete(c, cell)
			}
		}
	}
}

// differences lists the cells of a server's view that are not as the model has them.
func (c cells) differences(v cells, s syncer.GameServer) []string {
	var all []string
	for cell := range union(c, v) {
		class, rest, unsynced := strings.Cut(cell, ":")
		_, address, isUSID := strings.Cut(cell, "usid ")
		if isUSID && address != s.Address || unsynced && class != "has" && !strings.HasPrefix(rest, " "+s.Gamemode) {
			continue // another server's
		}
		if c[cell] != v[cell] {
			all = append(all, fmt.Sprintf("%s: want %v, is %v", cell, c[cell], v[cell]))
		}
	}
	return all
}

func union(a, b cells) cells {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func number(cell any) int64 {
	n, _ := cell.(int64)
	return n
}

func ms(cell any) int64 {
	millis, _ := cell.(syncer.Time).Millis()
	return millis
}
