package merge_test

import (
	"encoding/json"
	"testing"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// copies returns a player as a server was shown it, and the whole copy that the server
// saves after a session: the name and the counters differ.
func copies() (syncer.Player, merge.View, merge.Save) {
	p := syncer.NewPlayer("AAAAAAAAAAAAAAAAAAAAAA==")
	p.Name, p.Highlight, p.Achievements = "Steve", new("[red]"), new("[3,1]")
	p.Flags = []string{"developer", "member"}
	p.History = []syncer.HistoryEntry{{Action: "muted", By: "Alex", Time: syncer.Millis(1)}}
	p.Attributes = json.RawMessage(`{"economy":{"money":5}}`)
	p.Gamemodes["pvp"] = syncer.GamemodeRecord{
		FirstJoined: syncer.Millis(1), LastJoined: syncer.Millis(2), Stats: map[string]int64{"blocks": 7, "games": 1},
	}
	shown := merge.ViewOf(p, servers[0])
	save := saveOf(viewClone(shown))
	save.Attributes = syncer.Optional[json.RawMessage]{}
	save.Name = syncer.Some("[gold]Steve")
	save.Stats["blocks"]++
	return p, shown, save
}

func BenchmarkDiff(b *testing.B) {
	_, shown, save := copies()
	b.ReportAllocs()
	for b.Loop() {
		merge.Diff(shown, save, servers[0])
	}
}

func BenchmarkApply(b *testing.B) {
	p, shown, save := copies()
	edit := merge.Diff(shown, save, servers[0])
	b.ReportAllocs()
	for b.Loop() {
		edit.Apply(p)
	}
}

func BenchmarkThen(b *testing.B) {
	_, shown, save := copies()
	edit := merge.Diff(shown, save, servers[0])
	b.ReportAllocs()
	for b.Loop() {
		edit.Then(edit)
	}
}

func BenchmarkNearest(b *testing.B) {
	_, shown, save := copies()
	b.ReportAllocs()
	for b.Loop() {
		merge.Nearest([]merge.View{shown}, save, servers[0])
	}
}

func BenchmarkIsZero(b *testing.B) {
	_, shown, save := copies()
	edit := merge.Diff(shown, save, servers[0])
	b.ReportAllocs()
	for b.Loop() {
		edit.IsZero()
	}
}
