package daemon_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"playersync/syncer/importer"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// BenchmarkImport brings the players of a large network into an empty database,
// 100 000 of them, while a server runs.
func BenchmarkImport(b *testing.B) {
	documents := oldPlayers(100_000)
	for b.Loop() {
		b.StopTimer()
		url := pgtest.Database(b, "migrated", store.Migrate)
		start(b, url, "pvp").ready()
		s, err := store.Open(b.Context(), url, store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		summary, err := importer.Import(context.Background(), bytes.NewReader(documents), importing{s},
			importer.Options{Format: importer.FormatFish})
		b.StopTimer()
		if err != nil || summary.Players.Added != 100_000 {
			b.Fatalf("%+v, %v", summary, err)
		}
		s.Close()
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/100000players")
	b.ReportMetric(float64(len(documents))/1e6, "MB")
}

// oldPlayers are players as mongoexport writes them: of three gamemodes, with two
// entries of history each.
func oldPlayers(n int) []byte {
	const gamemodes = `{"pvp":%[1]d,"survival":%[1]d,"attack":%[1]d}`
	const counters = `{"blocksBroken":%[1]d,"blocksPlaced":7,"timeInGame":{"$numberLong":"123456789"},` +
		`"chatMessagesSent":8,"gamesFinished":9,"gamesWon":1}`
	var documents bytes.Buffer
	for i := range n {
		fmt.Fprintf(&documents,
			`{"_id":"%022d==","name":"[#ff0000]Player %[1]d","rank":"active","flags":["member"],`+
				`"unmuteTime":-1,"unmarkTime":-1,"highlight":null,"rainbow":{"speed":3},`+
				`"chatStrictness":"chat","language":"en","showRankPrefix":true,"achievements":"[1023]",`, i)
		fmt.Fprintf(&documents,
			`"history":[{"action":"mute","by":"Alice","time":%d},{"action":"kick","by":"Steve","time":%d}],`,
			1_700_000_000_000+i, 1_750_000_000_000+i)
		fmt.Fprintf(&documents,
			`"usid":{"203.0.113.1:6567":"AAAAAAAAAAA=","203.0.113.1:6568":"BAAAAAAAAAA="},"firstJoined":`+gamemodes,
			1_690_000_000_000+i)
		fmt.Fprintf(&documents, `,"lastJoined":`+gamemodes, 1_760_000_000_000+i)
		for j, gamemode := range []string{`,"stats":{"pvp":`, `,"survival":`, `,"attack":`} {
			documents.WriteString(gamemode)
			fmt.Fprintf(&documents, counters, i+j)
		}
		documents.WriteString("}}\n")
	}
	return documents.Bytes()
}
