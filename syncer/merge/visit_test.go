package merge_test

import (
	"encoding/json"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/merge"
)

func visits() *rapid.Generator[[]syncer.Visit] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) syncer.Visit {
		v := syncer.Visit{
			Server: serverOf().Draw(t, "server").Name, Joins: rapid.Int64Range(0, 3).Draw(t, "joins"),
			Kicks: rapid.Int64Range(0, 3).Draw(t, "kicks"),
			First: instants().Draw(t, "first"),
		}
		v.Last = v.First
		if rapid.Bool().Draw(t, "is a join") {
			v.Name = words().Draw(t, "name")
			v.IP = rapid.SampledFrom([]netip.Addr{
				netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"),
			}).Draw(t, "ip")
		}
		return v
	}), 0, 4)
}

// tally is what the database makes of visits, by server, name and address.
func tally(visits []syncer.Visit) map[syncer.Visit][4]int64 {
	sums := map[syncer.Visit][4]int64{}
	for _, v := range visits {
		key := syncer.Visit{Server: v.Server, Name: v.Name, IP: v.IP}
		first, _ := v.First.Millis()
		last, _ := v.Last.Millis()
		sum, known := sums[key]
		if !known {
			sum[2] = first
		}
		sums[key] = [4]int64{sum[0] + v.Joins, sum[1] + v.Kicks, min(sum[2], first), max(sum[3], last)}
	}
	return sums
}

// TestJoinedEditsCountEveryVisit: nothing is lost or doubled on the way to the
// database, through JSON too.
func TestJoinedEditsCountEveryVisit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := visits().Draw(t, "a"), visits().Draw(t, "b"), visits().Draw(t, "c")
		all := append(append(append([]syncer.Visit{}, a...), b...), c...)
		joined := merge.Edit{Visits: a}.Then(merge.Edit{Visits: b}).Then(merge.Edit{Visits: c})
		same(t, "tally", tally(all), tally(joined.Visits))
		if joined.IsZero() != (len(all) == 0) || joined.IsImportant() {
			t.Fatalf("zero %v, important %v", joined.IsZero(), joined.IsImportant())
		}
		now, later := joined.Split()
		if len(now.Visits) > 0 || len(later.Visits) != len(joined.Visits) ||
			len(joined.WithoutImportant().Visits) != len(joined.Visits) {
			t.Fatal("a part of the edit lost visits")
		}
		if err := joined.Validate(); err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(joined)
		if err != nil {
			t.Fatal(err)
		}
		var read merge.Edit
		if err := json.Unmarshal(data, &read); err != nil {
			t.Fatal(err)
		}
		same(t, "through JSON", tally(joined.Visits), tally(read.Visits))
	})
}

func TestBadVisitsAreRefused(t *testing.T) {
	t.Parallel()
	good := syncer.Visit{Server: "pvp", First: syncer.Millis(1), Last: syncer.Millis(2)}
	for field, spoil := range map[string]func(v *syncer.Visit){
		"visits[0].server": func(v *syncer.Visit) { v.Server = "" },
		"visits[0].name":   func(v *syncer.Visit) { v.Name = "a\x00" },
		"visits[0]":        func(v *syncer.Visit) { v.Joins = -1 },
	} {
		v := good
		spoil(&v)
		wantInvalid(t, merge.Edit{Visits: []syncer.Visit{v}}.Validate(), field)
	}
	for _, times := range [][2]syncer.Time{
		{{}, syncer.Millis(1)}, {syncer.Millis(1), syncer.Forever}, {syncer.Millis(2), syncer.Millis(1)},
	} {
		v := good
		v.First, v.Last = times[0], times[1]
		wantInvalid(t, merge.Edit{Visits: []syncer.Visit{v}}.Validate(), "visits[0]")
	}
}
