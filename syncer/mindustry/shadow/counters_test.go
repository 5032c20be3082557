package shadow_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry/shadow"
)

// Whatever a server was shown and uploads, no counter of the row falls.
func TestNoUploadLowersCounters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, history, now := veteran(), shadow.History{}, time.Unix(1000, 0)
		count := rapid.Int64Range(0, 20)
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
			games := count.Draw(t, "games")
			stats := map[string]int64{"games": games}
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0: // another server counts
				p = p.Clone()
				record := p.Gamemodes[survival.Gamemode]
				record.Stats = map[string]int64{"games": record.Stats["games"] + games}
				p.Gamemodes[survival.Gamemode] = record
			case 1:
				history = history.Show(merge.ViewOf(p, survival), now)
			case 2:
				save := copyOf(merge.ViewOf(p, survival))
				save.Stats = stats
				if rapid.Bool().Draw(t, "promotion") {
					save.Rank = syncer.Some(rapid.SampledFrom([]string{"mod", "admin", "player"}).Draw(t, "rank"))
				}
				before := p.Gamemodes[survival.Gamemode].Stats["games"]
				p, history, _ = receive(p, history, save, rapid.Bool().Draw(t, "important"), byte(i), now)
				if after := p.Gamemodes[survival.Gamemode].Stats["games"]; after < before {
					t.Fatalf("%d games became %d", before, after)
				}
			}
		}
	})
}
