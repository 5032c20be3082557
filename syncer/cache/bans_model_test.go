package cache

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// banFeed drives Bans as the feed does, against an imitated database.
type banFeed struct {
	t       *rapid.T
	db      *database
	bans    *Bans
	targets []syncer.Target
	locks   map[syncer.Target]*transaction
	writes  map[*transaction][]banWrite

	lossless bool
	messages []changefeed.Change
	needed   []syncer.Target
	cursor   changefeed.Snapshot
	quiet    bool // nothing happens during reads any more
}

type banWrite struct {
	target syncer.Target
	row    changefeed.BanRow
}

// TestBansEqualRows plays random histories as TestPlayersEqualRows does.
func TestBansEqualRows(t *testing.T) {
	t.Parallel()
	for range 10 { // times a hundred histories
		rapid.Check(t, checkBansEqualRows)
	}
}

func checkBansEqualRows(t *rapid.T) {
	f := &banFeed{
		t: t, db: newDatabase(t), bans: NewBans(),
		targets:  []syncer.Target{syncer.TargetID("Steve"), syncer.TargetAddress(randomAddress(newRand(1), true))},
		locks:    map[syncer.Target]*transaction{},
		writes:   map[*transaction][]banWrite{},
		lossless: rapid.Bool().Draw(t, "lossless"),
	}
	f.cursor = f.db.snapshot()
	f.bans.Load(f.cursor, slices.Values(f.open(f.cursor)))
	actions := []func(){
		f.begin, f.write, f.write, f.write, f.end, f.end, f.deliver, f.deliver, f.deliver, f.read, f.poll, f.load,
	}
	for range 100 - rapid.IntRange(0, 90).Draw(t, "fewer steps") {
		actions[rapid.IntRange(0, len(actions)-1).Draw(t, "action")]()
	}
	f.finish()
}

// open returns the open bans that the snapshot sees.
func (f *banFeed) open(s changefeed.Snapshot) []syncer.ActiveBan {
	rows := map[syncer.Target]changefeed.BanRow{}
	for _, tx := range f.db.committed {
		if s.Sees(tx.xid) {
			for _, w := range f.writes[tx] {
				rows[w.target] = w.row
			}
		}
	}
	var open []syncer.ActiveBan
	for t, row := range rows {
		if row.Open {
			open = append(open, syncer.ActiveBan{Target: t, ExpiresAt: row.ExpiresAt})
		}
	}
	return open
}

func (f *banFeed) begin() {
	if len(f.db.running) < 3 {
		f.db.begin(false)
	}
}

func (f *banFeed) write() {
	if len(f.db.running) == 0 {
		return
	}
	tx := f.db.running[rapid.IntRange(0, len(f.db.running)-1).Draw(f.t, "transaction")]
	on := rapid.SampledFrom(f.targets).Draw(f.t, "target")
	if holder := f.locks[on]; holder != nil && holder != tx {
		return
	}
	f.locks[on] = tx
	f.db.revision++
	row := changefeed.BanRow{
		Open:      rapid.Bool().Draw(f.t, "open"),
		ExpiresAt: rapid.SampledFrom(expiries).Draw(f.t, "expiry"),
		Revision:  f.db.revision,
	}
	f.writes[tx] = append(f.writes[tx], banWrite{on, row})
	change := banChange(on, tx.xid, &row)
	if rapid.IntRange(0, 3).Draw(f.t, "key only") == 0 {
		change.Row = nil
	}
	tx.changes = append(tx.changes, change)
}

func (f *banFeed) end() {
	if len(f.db.running) == 0 {
		return
	}
	tx := f.db.running[rapid.IntRange(0, len(f.db.running)-1).Draw(f.t, "transaction")]
	f.endTransaction(tx, rapid.IntRange(0, 4).Draw(f.t, "abort") > 0)
}

func (f *banFeed) endTransaction(tx *transaction, commit bool) {
	f.db.end(tx, commit)
	for on, holder := range f.locks {
		if holder == tx {
			delete(f.locks, on)
		}
	}
	if commit {
		f.messages = append(f.messages, tx.changes...)
	}
}

func (f *banFeed) deliver() {
	if len(f.messages) == 0 {
		return
	}
	i := rapid.IntRange(0, len(f.messages)-1).Draw(f.t, "message")
	ch := f.messages[i]
	fate := rapid.IntRange(0, 5).Draw(f.t, "fate")
	if fate > 0 {
		f.messages = slices.Delete(f.messages, i, i+1)
	}
	if fate > 1 || f.lossless {
		f.apply(ch)
	}
}

func (f *banFeed) apply(ch changefeed.Change) {
	if f.bans.Apply(ch) != changefeed.NeedsRead {
		return
	}
	target, err := syncer.ParseTargetKey(ch.Key)
	if err != nil {
		f.t.Fatal(err)
	}
	f.needed = append(f.needed, target)
}

// during lets other actors run between a statement and its result: transactions
// end, and own writes are taken in by others than the feed.
func (f *banFeed) during() {
	if f.quiet {
		return
	}
	for range rapid.IntRange(0, 3).Draw(f.t, "during") {
		[]func(){f.begin, f.write, f.end, f.deliver}[rapid.IntRange(0, 3).Draw(f.t, "action")]()
	}
}

func (f *banFeed) read() {
	if len(f.needed) == 0 {
		return
	}
	targets := f.needed
	f.needed = nil
	f.refresh(targets, f.db.snapshot())
}

func (f *banFeed) refresh(targets []syncer.Target, now changefeed.Snapshot) {
	open := f.open(now)
	f.during()
	before := map[syncer.Target]syncer.ActiveBan{}
	for _, t := range targets {
		before[t], _ = f.bans.Lookup(t)
	}
	changed := f.bans.Refresh(now, targets, open)
	for _, t := range targets {
		if after, _ := f.bans.Lookup(t); after != before[t] && !slices.Contains(changed, t) {
			f.t.Fatalf("%s changed from %v to %v unnoticed", t, before[t], after)
		}
	}
}

func (f *banFeed) poll() {
	now := f.db.snapshot()
	var targets []syncer.Target
	for _, tx := range f.db.committed {
		for _, w := range f.writes[tx] {
			if !f.cursor.Sees(tx.xid) && now.Sees(tx.xid) && !slices.Contains(targets, w.target) {
				targets = append(targets, w.target)
			}
		}
	}
	f.during()
	f.refresh(targets, f.db.snapshot())
	f.cursor = now
	f.bans.Advance(now)
}

func (f *banFeed) load() {
	now := f.db.snapshot()
	open := f.open(now)
	f.during()
	f.bans.Load(now, slices.Values(open))
	f.cursor = now
}

func (f *banFeed) finish() {
	for len(f.db.running) > 0 {
		f.endTransaction(f.db.running[0], true)
	}
	f.quiet = true
	if f.lossless {
		for _, ch := range f.messages {
			f.apply(ch)
		}
		f.read()
	} else {
		f.poll()
	}
	now := f.db.snapshot()
	got, want := slices.Collect(f.bans.All()), f.open(now)
	if !slices.Equal(sorted(got), sorted(want)) {
		f.t.Fatalf("holds %v, rows %v", got, want)
	}
	f.bans.Advance(now)
	if len(f.bans.recent) > 0 {
		f.t.Fatalf("recent bans left: %v", f.bans.recent)
	}
}
