package cache_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// seen returns the snapshot that sees all transactions below xid but the running ones.
func seen(t testing.TB, xid uint64, running ...uint64) changefeed.Snapshot {
	t.Helper()
	text := ""
	xmin := xid
	for i, r := range running {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprint(r)
		xmin = min(xmin, r)
	}
	s, err := changefeed.ParseSnapshot(fmt.Sprintf("%d:%d:%s", xmin, xid, text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func message(number int64) *syncer.StaffMessage {
	return &syncer.StaffMessage{Number: number, Text: fmt.Sprint(number)}
}

func messageChange(xid uint64, number, after int64) changefeed.Change {
	return changefeed.Change{
		Entity: syncer.EntityStaffMessage, Key: fmt.Sprint(number), Xid: xid,
		Row: &changefeed.NewMessage{StaffMessage: *message(number), After: after},
	}
}

func numbers(messages []*syncer.StaffMessage) (all []int64) {
	for _, m := range messages {
		all = append(all, m.Number)
	}
	return all
}

func TestMessagesAreTakenInOrderOnly(t *testing.T) {
	t.Parallel()
	c := cache.NewMessages(3)
	if result, _ := c.Apply(messageChange(1, 1, 0)); result != changefeed.NeedsRead {
		t.Errorf("before the first read: %v", result)
	}
	if events := c.Load(seen(t, 10), []changefeed.Row{message(1), message(2)}); len(events) > 0 {
		t.Errorf("the first read publishes %v", events)
	}
	for _, test := range []struct {
		name   string
		change changefeed.Change
		want   changefeed.ApplyResult
	}{
		{"read already", messageChange(9, 3, 2), changefeed.Unchanged},
		{"behind a gap", messageChange(12, 4, 3), changefeed.NeedsRead},
		{"the next", messageChange(11, 3, 2), changefeed.Applied},
		{"the same again", messageChange(11, 3, 2), changefeed.Unchanged},
		{"behind a number never used", messageChange(13, 6, 3), changefeed.Applied},
		{
			"without its row",
			changefeed.Change{Entity: syncer.EntityStaffMessage, Key: "7", Xid: 14},
			changefeed.NeedsRead,
		},
	} {
		result, events := c.Apply(test.change)
		if result != test.want || (len(events) == 1) != (test.want == changefeed.Applied) {
			t.Errorf("%s: %v, %d events", test.name, result, len(events))
		}
	}
	if got := numbers(c.After(0)); !slices.Equal(got, []int64{2, 3, 6}) {
		t.Errorf("held %v", got)
	}
	events := c.Load(seen(t, 15), []changefeed.Row{message(3), message(6), message(7)})
	if len(events) != 1 || events[0].Message.Number != 7 {
		t.Errorf("a read publishes %v", events)
	}
	if got := numbers(c.After(3)); !slices.Equal(got, []int64{6, 7}) {
		t.Errorf("after 3: %v", got)
	}
}

func TestMessagesReceivedAfterTheReadStay(t *testing.T) {
	t.Parallel()
	c := cache.NewMessages(10)
	c.Load(seen(t, 10), []changefeed.Row{message(1)})
	c.Apply(messageChange(12, 2, 1))
	c.Load(seen(t, 11), []changefeed.Row{message(1)})
	if got := numbers(c.After(0)); !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("held %v", got)
	}
	c.Load(seen(t, 13), []changefeed.Row{message(1)}) // deleted since
	if mark, _ := c.Mark(); mark.Last != 1 || mark.Rewinds != 1 || mark.Base != 1 {
		t.Errorf("mark %+v", mark)
	}
	c.Reset()
	if got := numbers(c.After(0)); !slices.Equal(got, []int64{1}) {
		t.Errorf("after a reset: %v", got)
	}
	if result, _ := c.Apply(messageChange(3, 1, 0)); result != changefeed.NeedsRead {
		t.Errorf("after a reset: %v", result)
	}
	if events := c.Load(seen(t, 5), []changefeed.Row{message(1), message(2)}); len(events) > 0 {
		t.Errorf("another history publishes %v", events)
	}
	if mark, _ := c.Mark(); mark.Last != 2 || mark.Rewinds != 2 {
		t.Errorf("mark %+v", mark)
	}
}

// Whatever comes late, twice or never, a read at the end makes the copy equal to
// the rows, and no state shown in between is older than one shown before.
func TestBlacklistFollowsRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := cache.NewBlacklist()
		rows, revision := map[string]int64{}, int64(0)
		var history []changefeed.Change
		read := func() (all []changefeed.Row) {
			for address, revision := range rows {
				all = append(all, &mindustry.BlacklistRow{Address: address, Listed: true, Revision: revision})
			}
			return all
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for xid := uint64(1); xid < 60; xid++ {
			address := fmt.Sprint(random.IntN(4))
			_, listed := rows[address]
			revision++
			if listed {
				delete(rows, address)
			} else {
				rows[address] = revision
			}
			history = append(history, changefeed.Change{
				Entity: syncer.EntityBlacklist, Key: address, Xid: xid,
				Row: &mindustry.BlacklistRow{Address: address, Listed: !listed, Revision: revision},
			})
			for range random.IntN(3) {
				c.Apply(history[random.IntN(len(history))])
			}
			if random.IntN(5) == 0 {
				snapshot, err := changefeed.ParseSnapshot(fmt.Sprintf("%d:%d:", xid+1, xid+1))
				if err != nil {
					t.Fatal(err)
				}
				c.Load(snapshot, read())
				c.Advance(snapshot)
				got, known := c.Addresses()
				want := make([]string, 0, len(rows))
				for address := range rows {
					want = append(want, address)
				}
				slices.Sort(want)
				if !known || !slices.Equal(got, want) {
					t.Fatalf("after a read: %q, want %q", got, want)
				}
			}
		}
		for _, i := range random.Perm(len(history)) { // all arrive, in any order
			c.Apply(history[i])
		}
		for address := range rows {
			if !c.Has(address) {
				t.Fatalf("%q is missing", address)
			}
		}
		if got, _ := c.Addresses(); len(got) != len(rows) {
			t.Fatalf("%q, want %v", got, rows)
		}
	})
}

func TestBlacklistAsksForARead(t *testing.T) {
	t.Parallel()
	c := cache.NewBlacklist()
	if _, known := c.Addresses(); known {
		t.Error("known before it was read")
	}
	c.Load(seen(t, 10), nil)
	keyOnly := changefeed.Change{Entity: syncer.EntityBlacklist, Key: "a", Xid: 11}
	if result, _ := c.Apply(keyOnly); result != changefeed.NeedsRead {
		t.Errorf("a change without its row: %v", result)
	}
	if result, _ := c.Apply(changefeed.Change{Entity: syncer.EntityBlacklist, Xid: 9}); result != changefeed.Unchanged {
		t.Errorf("a change that was read: %v", result)
	}
}

func TestPatternsAreReplacedByReads(t *testing.T) {
	t.Parallel()
	c := cache.NewPatterns()
	if _, known := c.Pattern(mindustry.PatternBlacklist); known {
		t.Error("known before it was read")
	}
	c.Load(changefeed.Snapshot{}, []changefeed.Row{
		&mindustry.AntibotPattern{Kind: mindustry.PatternBlacklist, Pattern: "a"},
	})
	if p, known := c.Pattern(mindustry.PatternBlacklist); p != "a" || !known {
		t.Errorf("%q, %v", p, known)
	}
	if p, known := c.Pattern(mindustry.PatternGraylist); p != "" || !known {
		t.Errorf("%q, %v", p, known)
	}
	c.Load(changefeed.Snapshot{}, nil)
	if p, known := c.Pattern(mindustry.PatternBlacklist); p != "" || !known {
		t.Errorf("%q, %v", p, known)
	}
}

func TestPatternsAreToldWhereTheyDiffer(t *testing.T) {
	t.Parallel()
	c := cache.NewPatterns()
	pattern := func(kind mindustry.PatternKind, text string) changefeed.Row {
		return &mindustry.AntibotPattern{Kind: kind, Pattern: text}
	}
	for _, step := range []struct {
		rows []changefeed.Row
		want string
	}{
		{[]changefeed.Row{pattern("blacklist", "a")}, ""}, // the first read
		{[]changefeed.Row{pattern("blacklist", "a")}, ""},
		{[]changefeed.Row{pattern("blacklist", "b"), pattern("graylist", "g")}, "blacklist=b graylist=g "},
		{[]changefeed.Row{pattern("graylist", "g")}, "blacklist= "},
		{nil, "graylist= "},
	} {
		got := ""
		for _, e := range c.Load(changefeed.Snapshot{}, step.rows) {
			row := e.Row.(*mindustry.AntibotPattern)
			got += fmt.Sprintf("%s=%s ", row.Kind, row.Pattern)
		}
		if got != step.want {
			t.Errorf("told %q, want %q", got, step.want)
		}
	}
}

func TestBlacklistTellsOfEachAddressOnce(t *testing.T) {
	t.Parallel()
	c := cache.NewBlacklist()
	told := func(events []changefeed.Event) (text string) {
		for _, e := range events {
			if e.Type == changefeed.EventResync {
				return "resync"
			}
			row := e.Row.(*mindustry.BlacklistRow)
			text += fmt.Sprintf("%s=%v ", row.Address, row.Listed)
		}
		return text
	}
	row := func(address string, listed bool, revision int64) *mindustry.BlacklistRow {
		return &mindustry.BlacklistRow{Address: address, Listed: listed, Revision: revision}
	}
	apply := func(xid uint64, r *mindustry.BlacklistRow) string {
		_, events := c.Apply(changefeed.Change{Entity: syncer.EntityBlacklist, Key: r.Address, Xid: xid, Row: r})
		return told(events)
	}
	if got := told(c.Load(seen(t, 10), []changefeed.Row{row("a", true, 1)})); got != "" {
		t.Errorf("the first read tells %q", got)
	}
	for i, step := range []struct{ got, want string }{
		{apply(11, row("b", true, 2)), "b=true "},
		{apply(11, row("b", true, 2)), ""},
		{told(c.Load(seen(t, 12), []changefeed.Row{row("a", true, 1), row("b", true, 2)})), ""},
		{apply(13, row("a", false, 3)), "a=false "},
		{told(c.Load(seen(t, 14), []changefeed.Row{row("c", true, 4)})), "b=false c=true "},
	} {
		if step.got != step.want {
			t.Errorf("step %d tells %q, want %q", i, step.got, step.want)
		}
	}
	many := make([]changefeed.Row, 2000)
	for i := range many {
		many[i] = row(fmt.Sprint(i), true, int64(i+10))
	}
	if got := told(c.Load(seen(t, 15), many)); got != "resync" {
		t.Errorf("very many tell %q", got)
	}
}
