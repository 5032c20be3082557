package merge_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// action is what one server does in one step.
type action string

const (
	fetches   action = "fetches"           // is shown the current row
	changes   action = "changes"           // changes its own copy
	saves     action = "saves"             // stores the whole copy and takes over the answer
	savesDeaf action = "saves, keeps copy" // stores it and continues with the copy it has
	leaves    action = "leaves"            // stores what is not important and forgets the copy
)

// step is one server's action, and what it changes to what.
type step struct {
	Server int
	Action action
	Field  int
	Value  int64
}

// steps returns interleavings of few servers and few fields, so that they meet.
func steps() *rapid.Generator[[]step] { return rapid.Custom(anInterleaving) }

func anInterleaving(t *rapid.T) []step {
	some := rapid.SliceOfN(rapid.IntRange(0, len(fields)-1), 1, 3).Draw(t, "fields")
	last := rapid.IntRange(1, len(servers)-1).Draw(t, "last server")
	// Slices are short unless forced to be long.
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			Server: rapid.IntRange(0, last).Draw(t, "server"),
			Action: rapid.SampledFrom([]action{
				fetches, changes, changes, changes, changes, saves, saves, savesDeaf, leaves,
			}).Draw(t, "action"),
			Field: rapid.SampledFrom(some).Draw(t, "field"),
			Value: rapid.Int64Range(0, 5).Draw(t, "value"),
		}
	}), 30, 60).Draw(t, "steps")
}

// fields change a server's copy in every field it may change; v chooses the value.
var fields = []func(copied *merge.View, v int64){
	func(c *merge.View, v int64) { c.Rank = fmt.Sprint("rank", v) },
	func(c *merge.View, v int64) { toggle(&c.Flags, fmt.Sprint("flag", v%3)) },
	func(c *merge.View, v int64) {
		if c.UnmuteTime, c.MuteReason = anyTime(v), fmt.Sprint("reason", v%2); c.UnmuteTime.IsZero() {
			c.MuteReason = ""
		}
	},
	func(c *merge.View, v int64) { c.UnmarkTime = anyTime(v) },
	func(c *merge.View, v int64) {
		c.Attributes = merge.MergePatch(c.Attributes, json.RawMessage(fmt.Sprintf(`{"p%d":%d}`, v%2, v)))
	},
	func(c *merge.View, v int64) {
		c.Attributes = merge.MergePatch(c.Attributes, json.RawMessage(fmt.Sprintf(`{"p%d":null}`, v%2)))
	},
	func(c *merge.View, v int64) {
		c.Attributes = merge.MergePatch(c.Attributes, json.RawMessage(fmt.Sprintf(`{"q%d":{"k%d":%d}}`, v%2, v%3, v)))
	},
	func(c *merge.View, v int64) {
		c.Attributes = merge.MergePatch(c.Attributes, json.RawMessage(fmt.Sprintf(`{"q%d":{"k%d":null}}`, v%2, v%3)))
	},
	func(c *merge.View, v int64) { c.Name = fmt.Sprint("name", v) },
	func(c *merge.View, v int64) { c.OverrideName = anyText(v) },
	func(c *merge.View, v int64) { c.Highlight = anyText(v) },
	func(c *merge.View, v int64) {
		if c.Rainbow = nil; v > 0 {
			c.Rainbow = &syncer.Rainbow{Speed: int(v)}
		}
	},
	func(c *merge.View, v int64) {
		c.ChatStrictness = []string{syncer.StrictnessChat, syncer.StrictnessStrict}[v%2]
	},
	func(c *merge.View, v int64) { c.ShowRankPrefix = v%2 == 0 },
	func(c *merge.View, v int64) { c.Language = fmt.Sprint("language", v) },
	func(c *merge.View, v int64) {
		bits := make(syncer.Bits, 2)
		bits[v%2] = 1 << (v * 12)
		if c.Achievements != nil {
			old, _ := syncer.ParseBits(*c.Achievements)
			bits = bits.Unite(old)
		}
		text := bits.String()
		c.Achievements = &text
	},
	func(c *merge.View, v int64) {
		c.History = syncer.UniteHistory(c.History, []syncer.HistoryEntry{
			{Action: "muted", By: "Steve", Time: syncer.Millis(v)},
		})
	},
	func(c *merge.View, v int64) { c.USID = anyText(v) },
	func(c *merge.View, v int64) {
		if c.Stats == nil {
			c.Stats = map[string]int64{}
		}
		c.Stats[fmt.Sprint("counter", v%2)] += v
	},
	func(c *merge.View, v int64) {
		if first, ok := c.FirstJoined.Millis(); !ok || v < first {
			c.FirstJoined = syncer.Millis(v)
		}
	},
	func(c *merge.View, v int64) {
		if last, ok := c.LastJoined.Millis(); !ok || v > last {
			c.LastJoined = syncer.Millis(v)
		}
	},
}

func anyTime(v int64) syncer.Time {
	return []syncer.Time{{}, syncer.Forever, syncer.Millis(v)}[v%3]
}

func anyText(v int64) *string {
	if v == 0 {
		return nil
	}
	text := fmt.Sprint("text", v)
	return &text
}

func toggle(set *[]string, member string) {
	if i := slices.Index(*set, member); i >= 0 {
		*set = slices.Delete(*set, i, i+1)
	} else {
		*set = append(*set, member) // a game does not sort
	}
}

// rule finds the edit in a save: [Diff], or one that is to be found out.
type rule func(shown, current merge.View, save merge.Save, s syncer.GameServer, leaving bool) merge.Edit

func threeWayMerge(shown, _ merge.View, save merge.Save, s syncer.GameServer, leaving bool) merge.Edit {
	e := merge.Diff(shown, save, s)
	if leaving {
		return e.WithoutImportant()
	}
	return e
}

// session is what one server holds of the player.
type session struct {
	shown, copied merge.View
	joined        bool
}

// play runs the steps by a rule and returns the first difference from the model.
func play(steps []step, find rule) error {
	row := syncer.NewPlayer("AAAAAAAAAAAAAAAAAAAAAA==")
	model := cells{}
	for _, s := range servers {
		model = union(model, cellsOf(merge.ViewOf(row, s), s))
	}
	sessions := make([]session, len(servers))
	for i, step := range steps {
		s, own := servers[step.Server], &sessions[step.Server]
		if !own.joined || step.Action == fetches {
			*own = session{shown: merge.ViewOf(row, s), copied: merge.ViewOf(row.Clone(), s), joined: true}
		}
		switch step.Action {
		case changes:
			fields[step.Field](&own.copied, step.Value)
		case saves, savesDeaf, leaves:
			leaving := step.Action == leaves
			model.merge(cellsOf(own.shown, s), cellsOf(own.copied, s), leaving)
			row = find(own.shown, merge.ViewOf(row, s), saveOf(own.copied), s, leaving).Apply(row)
			if step.Action == saves {
				*own = session{shown: merge.ViewOf(row, s), copied: merge.ViewOf(row.Clone(), s), joined: true}
			} else {
				own.shown, own.joined = viewClone(own.copied), !leaving
			}
		}
		for _, s := range servers {
			if wrong := model.differences(cellsOf(merge.ViewOf(row, s), s), s); len(wrong) > 0 {
				return fmt.Errorf("after step %d, %v, %s sees\n\t%s", i, step, s.Name, strings.Join(wrong, "\n\t"))
			}
		}
	}
	return nil
}

// viewClone returns a copy that the game may change without changing v.
func viewClone(v merge.View) merge.View {
	p := syncer.Player{ID: v.ID, Synced: v.Synced, History: v.History, Unsynced: syncer.Unsynced{
		Gamemodes: map[string]syncer.GamemodeRecord{
			"": {FirstJoined: v.FirstJoined, LastJoined: v.LastJoined, Stats: v.Stats},
		},
		Addresses: map[string]syncer.AddressRecord{"": {USID: v.USID}},
	}}
	return merge.ViewOf(p.Clone(), syncer.GameServer{})
}

func TestNoInterleavingLosesAChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		if err := play(steps().Draw(t, "steps"), threeWayMerge); err != nil {
			t.Fatal(err)
		}
	})
}

// The property must be able to fail: rules known to lose changes are found out.
func TestRulesThatLoseChangesAreFoundOut(t *testing.T) {
	t.Parallel()
	for name, find := range map[string]rule{
		"the last save wins": func(_, current merge.View, save merge.Save, s syncer.GameServer, _ bool) merge.Edit {
			return merge.Diff(current, save, s)
		},
		"the last save wins, a leave saves nothing important": func(
			_, current merge.View, save merge.Save, s syncer.GameServer, leaving bool,
		) merge.Edit {
			return threeWayMerge(current, current, save, s, leaving)
		},
		"a leave saves all": func(
			shown, current merge.View, save merge.Save, s syncer.GameServer, _ bool,
		) merge.Edit {
			return threeWayMerge(shown, current, save, s, false)
		},
		"every save counts as a leave": func(
			shown, current merge.View, save merge.Save, s syncer.GameServer, _ bool,
		) merge.Edit {
			return threeWayMerge(shown, current, save, s, true)
		},
		"counters are set, not moved": func(
			shown, current merge.View, save merge.Save, s syncer.GameServer, leaving bool,
		) merge.Edit {
			e := threeWayMerge(shown, current, save, s, leaving)
			e.Gamemodes = merge.Diff(current, save, s).Gamemodes
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range 300 {
				if play(steps().Example(seed), find) != nil {
					return
				}
			}
			t.Fatal("300 interleavings did not find it out")
		})
	}
}
