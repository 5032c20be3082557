package cache_test

import (
	"slices"
	"testing"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// Each request is told of once, whether its notification or a read comes first, and none
// that was made before the first read.
func TestKicksAreToldOnce(t *testing.T) {
	t.Parallel()
	c := cache.NewKicks()
	carried := func(number int64, xid uint64) changefeed.Change {
		return changefeed.Change{Entity: syncer.EntityKick, Key: "x", Xid: xid, Row: &syncer.Kick{Number: number}}
	}
	rows := func(numbers ...int64) []changefeed.Row {
		var all []changefeed.Row
		for _, number := range numbers {
			all = append(all, &syncer.Kick{Number: number})
		}
		return all
	}
	snapshot := func(text string) changefeed.Snapshot {
		t.Helper()
		s, err := changefeed.ParseSnapshot(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	told := func(what string, events []changefeed.Event, want ...int64) {
		t.Helper()
		if len(events) != len(want) {
			t.Fatalf("%s: told of %+v, want %v", what, events, want)
		}
		for i, number := range want {
			if events[i].Type != changefeed.EventKick || events[i].Kick.Number != number {
				t.Errorf("%s: told of %+v, want %d", what, events[i], number)
			}
		}
	}
	result, events := c.Apply(carried(1, 10))
	if told("before the first read", events); result != changefeed.NeedsRead {
		t.Errorf("before the first read: %v", result)
	}
	told("the first read", c.Load(snapshot("11:11:"), rows(1)))
	_, events = c.Apply(carried(2, 12))
	told("a notification", events, 2)
	_, events = c.Apply(carried(2, 12))
	told("again", events)
	told("a read without it", c.Load(snapshot("12:12:"), rows(1)))
	_, events = c.Apply(carried(2, 12))
	told("again", events)
	told("a read with it and another", c.Load(snapshot("14:14:"), rows(2, 3)), 3)
	_, events = c.Apply(carried(3, 13))
	told("its notification, late", events)
	if result, _ = c.Apply(changefeed.Change{Entity: syncer.EntityKick, Xid: 15}); result != changefeed.NeedsRead {
		t.Errorf("without its row: %v", result)
	}
	c.Reset()
	told("another epoch", c.Load(snapshot("5:5:"), rows(7)))
}

// A load has only the newest entries: older ones that come into it, because newer ones were
// deleted, are not new.
func TestEntriesBelowALoadAreNotNew(t *testing.T) {
	t.Parallel()
	c := cache.NewModLog(2)
	load := func(xid uint64, numbers ...int64) (told []int64) {
		t.Helper()
		var rows []changefeed.Row
		for _, number := range numbers {
			rows = append(rows, &mindustry.ModEntry{Number: number})
		}
		for _, e := range c.Load(seen(t, xid), rows) {
			told = append(told, e.Row.(*mindustry.ModEntry).Number)
		}
		return told
	}
	if told := load(10, 3, 4); len(told) > 0 {
		t.Errorf("the first read tells of %v", told)
	}
	if told := load(11, 2, 3); len(told) > 0 {
		t.Errorf("an old one is told of: %v", told)
	}
	if told := load(12, 5, 6); !slices.Equal(told, []int64{5, 6}) {
		t.Errorf("told of %v", told)
	}
}
