package cache

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// sidecar drives a cache as feed and use-cases do, against an imitated database.
type sidecar struct {
	t     *rapid.T
	db    *database
	cache *Players
	ids   []syncer.PlayerID

	lossless bool                         // every message arrives, sooner or later
	messages []changefeed.Change          // of committed transactions, not or not finally delivered
	cursor   changefeed.Snapshot          // of the feed
	next     changefeed.Snapshot          // the cursor once the reading under way is taken in
	reading  []changefeed.VersionedPlayer // by the feed, under way; nil: none
	needed   map[syncer.PlayerID]bool

	results []changefeed.VersionedPlayer                   // of own writes, committed but not yet acknowledged
	acked   map[syncer.PlayerID]changefeed.VersionedPlayer // the newest acknowledged own write
	told    map[syncer.PlayerID]changefeed.VersionedPlayer // the same, also if its result could not be used
	before  map[uint64]bool                                // own transactions that began before a reset
	depth   int                                            // of fetches within fetches
}

// TestPlayersEqualRows plays random histories with late, repeated, reordered and
// lost messages, fills racing with changes and reads at any snapshot. Own writes
// must stay visible from their acknowledgement on; after a last poll, or without
// it if no message was lost, every copy must equal its row.
func TestPlayersEqualRows(t *testing.T) {
	t.Parallel()
	for range 10 { // times a hundred histories
		rapid.Check(t, checkPlayersEqualRows)
	}
}

func checkPlayersEqualRows(t *rapid.T) {
	s := &sidecar{
		t: t, db: newDatabase(t), cache: NewPlayers(rapid.SampledFrom([]int{3, 2, 1, 0}).Draw(t, "limit")),
		ids:      []syncer.PlayerID{"p1", "p2"}[:rapid.IntRange(1, 2).Draw(t, "ids")],
		lossless: rapid.Bool().Draw(t, "lossless"),
		needed:   map[syncer.PlayerID]bool{},
		acked:    map[syncer.PlayerID]changefeed.VersionedPlayer{}, before: map[uint64]bool{},
		told: map[syncer.PlayerID]changefeed.VersionedPlayer{},
	}
	s.cursor = s.db.snapshot()
	for range 200 - rapid.IntRange(0, 180).Draw(t, "fewer steps") {
		s.step()
	}
	s.finish()
}

func (s *sidecar) id() syncer.PlayerID { return rapid.SampledFrom(s.ids).Draw(s.t, "id") }

func (s *sidecar) step() {
	actions := []func(){
		s.begin, s.write, s.write, s.write, s.end, s.end, s.acknowledge, s.acknowledge, s.deliver, s.deliver, s.deliver,
		s.poll, s.readNeeded, s.takeIn, s.takeIn, s.hold, s.release, s.get, s.get,
	}
	if rapid.IntRange(0, 40).Draw(s.t, "reset") == 23 {
		s.reset()
	}
	actions[rapid.IntRange(0, len(actions)-1).Draw(s.t, "action")]()
	s.check()
}

func (s *sidecar) begin() {
	if len(s.db.running) < 3 {
		s.db.begin(rapid.Bool().Draw(s.t, "own"))
	}
}

func (s *sidecar) write() {
	if len(s.db.running) > 0 {
		s.db.write(rapid.SampledFrom(s.db.running).Draw(s.t, "transaction"), s.id())
	}
}

func (s *sidecar) end() {
	if len(s.db.running) > 0 {
		tx := rapid.SampledFrom(s.db.running).Draw(s.t, "transaction")
		s.endTransaction(tx, rapid.IntRange(0, 4).Draw(s.t, "abort") > 0)
	}
}

func (s *sidecar) endTransaction(tx *transaction, commit bool) {
	if commit && tx.own {
		touched := map[syncer.PlayerID]bool{}
		for _, e := range tx.effects {
			if !touched[e.id] {
				touched[e.id] = true
				s.results = append(s.results, s.db.result(e.id, tx))
			}
		}
	}
	s.db.end(tx, commit)
	if commit {
		s.messages = append(s.messages, tx.changes...)
	}
}

// acknowledge takes in the result of an own write and answers its client.
func (s *sidecar) acknowledge() {
	if len(s.results) == 0 {
		return
	}
	i := rapid.IntRange(0, len(s.results)-1).Draw(s.t, "result")
	r := s.results[i]
	s.results = slices.Delete(s.results, i, i+1)
	s.note(s.told, r)
	if s.before[r.Xid] { // as the feed's applier does
		s.cache.Outdate(r.ID, nil)
		s.needed[r.ID] = true
		return
	}
	if s.cache.Refresh(r) == changefeed.NeedsRead {
		s.needed[r.ID] = true
	}
	s.note(s.acked, r)
}

// note keeps the newest result of each player.
func (s *sidecar) note(newest map[syncer.PlayerID]changefeed.VersionedPlayer, r changefeed.VersionedPlayer) {
	if before, ok := newest[r.ID]; !ok || s.position(before.Xid) < s.position(r.Xid) {
		newest[r.ID] = r
	}
}

// isDeletedAfter reports whether a later transaction deleted the row that was written.
func (s *sidecar) isDeletedAfter(own changefeed.VersionedPlayer) bool {
	after := s.db.committed[s.position(own.Xid)+1:]
	return slices.ContainsFunc(after, func(tx *transaction) bool {
		return slices.ContainsFunc(tx.effects, func(e effect) bool { return e.id == own.ID && e.deleted })
	})
}

// position returns when a transaction committed, as a place in the order.
func (s *sidecar) position(xid uint64) int {
	return slices.IndexFunc(s.db.committed, func(tx *transaction) bool { return tx.xid == xid })
}

// deliver hands one message to the cache: any, now and not for the last time,
// or never.
func (s *sidecar) deliver() {
	if len(s.messages) == 0 || s.reading != nil {
		return
	}
	i := rapid.IntRange(0, len(s.messages)-1).Draw(s.t, "message")
	ch := s.messages[i]
	fate := rapid.IntRange(0, 5).Draw(s.t, "fate")
	if fate > 0 {
		s.messages = slices.Delete(s.messages, i, i+1)
	}
	if fate == 1 && !s.lossless {
		return
	}
	s.apply(ch)
}

func (s *sidecar) apply(ch changefeed.Change) {
	if s.cache.Apply(ch) == changefeed.NeedsRead {
		s.needed[syncer.PlayerID(ch.Key)] = true
	}
}

// poll begins to read what has changed since the cursor.
func (s *sidecar) poll() {
	if s.reading == nil {
		s.next = s.db.snapshot()
		s.read(s.cache.Wanted(s.db.changedSince(s.cursor, s.next)))
	}
}

func (s *sidecar) readNeeded() {
	if s.reading == nil && len(s.needed) > 0 {
		ids := slices.Sorted(maps.Keys(s.needed))
		clear(s.needed)
		s.next = s.cursor
		s.read(s.cache.Wanted(ids))
	}
}

func (s *sidecar) read(ids []syncer.PlayerID) {
	s.reading = []changefeed.VersionedPlayer{}
	now := s.db.snapshot()
	for _, id := range ids {
		s.reading = append(s.reading, s.db.read(id, now))
	}
}

// takeIn ends what poll or readNeeded began.
func (s *sidecar) takeIn() {
	if s.reading == nil {
		return
	}
	for _, r := range s.reading {
		if s.cache.Refresh(r) == changefeed.NeedsRead {
			s.needed[r.ID] = true
		}
	}
	s.reading, s.cursor = nil, s.next
}

func (s *sidecar) hold()    { s.cache.Hold(s.id()) }
func (s *sidecar) release() { s.cache.Release(s.id()) }

// reset loses the cursor: everything is read again.
func (s *sidecar) reset() {
	if s.reading != nil {
		return
	}
	s.cache.Reset()
	for _, tx := range s.db.running {
		s.before[tx.xid] = true
	}
	for _, r := range s.results {
		s.before[r.Xid] = true
	}
	s.next = s.db.snapshot()
	s.read(s.cache.All())
}

// get reads through the cache; other actors run while it fetches.
func (s *sidecar) get() {
	id := s.id()
	fetch := func(_ context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
		s.depth++
		defer func() { s.depth-- }()
		s.meanwhile()
		r := s.db.read(ids[0], s.db.snapshot())
		s.meanwhile()
		return []changefeed.VersionedPlayer{r}, nil
	}
	e := s.cache.shard(id).slots[id]
	if e != nil && e.joinable != nil || rapid.Bool().Draw(s.t, "reread") {
		if _, err := s.cache.Reread(context.Background(), id, fetch); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	told, any := s.told[id]
	p, _, err := s.cache.Read(context.Background(), id, fetch)
	switch {
	case err != nil:
		s.t.Fatal(err)
	case any && !s.isDeletedAfter(told) && (p == nil || p.Revision < told.Player.Revision):
		s.t.Fatalf("a read after own write %d of %s is older: %+v", told.Xid, id, p)
	}
}

func (s *sidecar) meanwhile() {
	if s.depth <= 2 {
		for range rapid.IntRange(0, 6).Draw(s.t, "meanwhile") {
			s.step()
		}
	}
}

// check looks for acknowledged own writes that a copy does not show.
func (s *sidecar) check() {
	for id, own := range s.acked {
		p, ok := s.cache.Get(id)
		if !ok {
			continue
		}
		switch {
		case s.isDeletedAfter(own):
		case p == nil:
			s.t.Fatalf("own write %d of %s disappeared", own.Xid, id)
		case p.Revision < own.Player.Revision:
			s.t.Fatalf("own write %d of %s disappeared: revision %d, wrote %d",
				own.Xid, id, p.Revision, own.Player.Revision)
		case !s.needed[id] && s.reading == nil && kills(p) < kills(own.Player):
			s.t.Fatalf("own save %d of %s disappeared: %d kills, saved %d", own.Xid, id, kills(p), kills(own.Player))
		}
	}
}

// finish ends everything under way and compares.
func (s *sidecar) finish() {
	for len(s.db.running) > 0 {
		s.endTransaction(s.db.running[0], true)
	}
	for len(s.results) > 0 {
		s.acknowledge()
	}
	s.takeIn()
	if s.lossless {
		for _, ch := range s.messages {
			s.apply(ch)
		}
	} else {
		s.poll()
		s.takeIn()
	}
	for rounds := 0; len(s.needed) > 0; rounds++ {
		if rounds > 1 {
			s.t.Fatalf("%v still need a read after %d rounds", s.needed, rounds)
		}
		s.readNeeded()
		s.takeIn()
	}
	s.check()
	for _, id := range s.ids {
		p, ok := s.cache.Get(id)
		if !ok {
			continue
		}
		if row := s.db.read(id, s.db.snapshot()).Player; !reflect.DeepEqual(p, row) {
			s.t.Fatalf("copy of %s differs\n cached %+v\n row    %+v", id, p, row)
		}
	}
}
