package daemon_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playersync/syncer"
	"playersync/syncer/importer"
	"playersync/syncer/merge"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// importing is a store as an import uses it.
type importing struct{ *store.Store }

func (i importing) ImportPlayers(ctx context.Context, players []merge.ImportedPlayer) (merge.PlayerImport, error) {
	return i.Store.ImportPlayers(ctx, players, store.PlayerImportOptions{})
}

// The plugin gets the imported records as it got them from the old database, and
// servers are notified of the players that they hold already.
func TestImportReachesThePluginAndRunningServers(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, "migrated", store.Migrate)
	n := start(t, url, "pvp").ready()
	n.join("Alice", "Alice")
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const documents = `
{"_id":"Steve","rank":"mod","flags":["member"],"unmuteTime":{"$numberLong":"9999999999999"},"unmarkTime":-1,
	"name":"[#fff]Steve","highlight":null,"rainbow":{"speed":3},
	"history":[{"action":"mute","by":"Alice","time":{"$date":"1970-01-01T00:00:01Z"}}],
	"chatStrictness":"strict","language":"de","showRankPrefix":false,"achievements":"[-9223372036854775808]",
	"usid":{"127.0.0.1:6567":"AAAAAAAAAAA="},"lastJoined":{"pvp":6,"survival":7},"firstJoined":{"pvp":5},
	"stats":{"pvp":{"gamesWon":3},"survival":{"gamesWon":4}}}
{"uuid":"Alice","history":[{"action":"kick","by":"Steve","time":2}],"firstJoined":{"gamemode-pvp":5},"rank":"admin"}
{"_id":"bans","uuids":["Herobrine"],"ips":["203.0.113.7"]}`
	summary, err := importer.Import(t.Context(), strings.NewReader(documents), importing{s}, importer.Options{
		Format: importer.FormatFish,
	})
	if err != nil || summary.Refused > 0 {
		t.Fatalf("%+v, %v", summary, err)
	}

	n.banned(`{"uuid": "Herobrine"}`, true)
	n.banned(`{"ip": "203.0.113.7"}`, true)
	n.sees("Alice", "[map[action:kick by:Steve time:1970-01-01T00:00:00.002Z]]", "history")
	n.sees("Alice", "1970-01-01T00:00:00.005Z", "firstJoined")
	n.sees("Alice", syncer.DefaultRank, "rank")

	got := n.must(http.MethodPost, "/api/fish-player", `{"id":"Steve","gamemode":"pvp","port":6567}`)
	counters := func(won float64) map[string]any {
		return map[string]any{
			"blocksBroken": 0.0, "blocksPlaced": 0.0, "timeInGame": 0.0, "chatMessagesSent": 0.0, "gamesFinished": 0.0,
			"gamesWon": won,
		}
	}
	want := map[string]any{
		"uuid": "Steve", "rank": "mod", "flags": []any{"member"}, "unmuteTime": 9999999999999.0, "unmarkTime": -1.0,
		"name":         "[#fff]Steve",
		"overrideName": nil, "highlight": nil, "rainbow": map[string]any{"speed": 3.0},
		"history":        []any{map[string]any{"action": "mute", "by": "Alice", "time": 1000.0}},
		"chatStrictness": "strict", "language": "de", "showRankPrefix": false, "achievements": "[-9223372036854775808]",
		"usid":       "AAAAAAAAAAA=",
		"lastJoined": 6.0, "firstJoined": 5.0, "stats": counters(3), "globalLastJoined": 7.0, "globalFirstJoined": 5.0,
		"globalStats": counters(7),
	}
	if diff := cmp.Diff(any(want), got.field()); diff != "" {
		t.Error(diff)
	}
}
