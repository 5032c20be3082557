package feed

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Applier is the only place where changes enter the caches and events leave.
// Notifications, polls and own writes all arrive here, in any order and more than
// once; it applies each where it is news, and tells subscribers of each change
// once as a rule and never not at all. It is safe for concurrent use.
type Applier struct {
	players Players
	bans    Bans
	tables  []Table
	publish func(changefeed.Event)

	generation atomic.Uint64 // changes under mu

	mu        sync.Mutex
	cursor    changefeed.Snapshot // what it sees has been applied and told
	notes     notes
	inexact   map[syncer.PlayerID]bool // players that must be read, though no change says so
	straddled map[syncer.PlayerID]bool // the same, but a read that is under way does not count
	interrupt func()                   // tells the feed that there is something to read
}

// NewApplier returns an applier that keeps the caches and tables and publishes events.
// Publish is called in the order of the changes and with a lock held: it must
// not block and not call back.
func NewApplier(players Players, bans Bans, publish func(changefeed.Event), tables ...Table) *Applier {
	return &Applier{
		players: players, bans: bans, tables: tables, publish: publish,
		notes: newNotes(), inexact: map[syncer.PlayerID]bool{}, straddled: map[syncer.PlayerID]bool{}, interrupt: func() {},
	}
}

// Begin is called before an own write begins, for [Applier.Wrote].
func (a *Applier) Begin() changefeed.Generation { return changefeed.Generation(a.generation.Load()) }

// Wrote takes in the result of an own write after its commit: the players as the
// write left them, added history included, and the changes it recorded. Those are
// not news any more when the feed hears of them. If memory was forgotten since the
// write began, it may have gone to another database than the one that memory is
// read from now: then its players are read instead, and the feed finds its changes.
func (a *Applier) Wrote(begun changefeed.Generation, readings []changefeed.VersionedPlayer, changes []changefeed.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if begun != a.Begin() {
		a.straddles(readings)
		return
	}
	var affected subjects
	included := make(map[mark]bool, len(readings))
	for _, r := range readings {
		if a.refresh(r) {
			affected.add(subject{player: r.ID})
		}
		included[mark{r.Xid, syncer.EntityPlayer, string(r.ID)}] = true
	}
	for _, ch := range changes {
		_, mustRead := a.hear(ch, included[markOf(ch)], &affected)
		if mustRead && ch.Entity == syncer.EntityBalance {
			a.inexact[syncer.PlayerID(ch.Key)] = true
			a.interrupt()
		}
	}
	a.tell(affected)
}

// notified applies what a notification says. It returns the changes that were
// news and are in memory now, and whether a poll must read what others did not
// carry.
func (a *Applier) notified(changes []changefeed.Change) (news []changefeed.Change, mustRead bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var affected subjects
	for _, ch := range changes {
		isNews, needed := a.hear(ch, false, &affected)
		if isNews && !needed {
			news = append(news, ch)
		}
		mustRead = mustRead || needed
	}
	a.tell(affected)
	return news, mustRead
}

// refresh hands a reading to the players and reports whether their copy may have
// changed. A copy that needs another read is remembered for it.
func (a *Applier) refresh(r changefeed.VersionedPlayer) (changed bool) {
	effect := a.players.Refresh(r)
	if effect != changefeed.NeedsRead {
		delete(a.inexact, r.ID)
		return effect == changefeed.Applied
	}
	a.inexact[r.ID] = true
	a.interrupt()
	return true
}

// straddles asks for a read of players of which the result cannot be used.
func (a *Applier) straddles(readings []changefeed.VersionedPlayer) {
	for _, r := range readings {
		a.straddled[r.ID] = true
	}
	if len(readings) > 0 {
		a.interrupt()
	}
}

// interruptible sets what is called when a player must be read though no change
// says so, and reports whether one must already.
func (a *Applier) interruptible(interrupt func()) (now bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.interrupt = interrupt
	return len(a.inexact)+len(a.straddled) > 0
}

// hear takes in one change, unless it is included in what a cache was told
// already. Its subject is added to affected if subscribers are to be told now
// rather than after a read.
func (a *Applier) hear(ch changefeed.Change, included bool, affected *subjects) (isNews, mustRead bool) {
	table := a.table(ch.Entity)
	if a.cursor.Sees(ch.Xid) || table == nil && !isKnown(ch.Entity) {
		a.notes.excuse(ch) // a poll was first
		return false, false
	}
	if table != nil {
		return a.hearTable(table, ch)
	}
	isNews = a.notes.heard(ch)
	effect := changefeed.Unchanged
	if !included {
		effect = a.apply(ch)
	}
	s, single := subjectOf(ch)
	switch {
	case !single, effect == changefeed.NeedsRead:
		return isNews, true
	case effect == changefeed.Applied, !a.notes.isTold(ch):
		a.notes.told(ch)
		affected.add(s)
	}
	return isNews, false
}

// apply hands a change to the cache it concerns.
func (a *Applier) apply(ch changefeed.Change) changefeed.ApplyResult {
	if ch.Entity == syncer.EntityBan {
		return a.bans.Apply(ch)
	}
	return a.players.Apply(ch)
}

// tell publishes the present state of each subject.
func (a *Applier) tell(affected subjects) {
	for _, s := range affected {
		a.publish(a.event(s))
	}
}

func (a *Applier) event(s subject) changefeed.Event {
	if s.balances {
		e := changefeed.Event{Type: changefeed.EventBalance, ID: s.player}
		if balances, held := a.players.Balances(s.player); held {
			e.Balances = &balances
		}
		return e
	}
	if s.player != "" {
		p, held := a.players.Get(s.player)
		return changefeed.Event{Type: changefeed.EventPlayer, ID: s.player, Player: p, Gone: held && p == nil}
	}
	standing, banned := a.bans.Lookup(s.target)
	return changefeed.Event{Type: changefeed.EventBan, Target: s.target, Banned: banned, ExpiresAt: standing.ExpiresAt}
}

// found takes in the changes of a poll and returns what must be read before the
// cursor may move past them. With watched, changes that were not heard of before
// are suspected of never having been notified.
func (a *Applier) found(changes []changefeed.Change, overflow, watched bool, now time.Time) work {
	a.mu.Lock()
	defer a.mu.Unlock()
	if overflow {
		return everything()
	}
	w := work{marks: make(map[subject][]changefeed.Change, len(changes)), tables: map[syncer.Entity][]changefeed.Change{}}
	for _, ch := range changes {
		if !isKnown(ch.Entity) && a.table(ch.Entity) == nil {
			continue
		}
		if a.notes.heard(ch) && watched {
			a.notes.suspect(ch, now)
		}
		if !a.notes.isTold(ch) {
			w.news = append(w.news, ch)
		}
		w.add(ch)
	}
	a.addInexact(&w)
	w.players = a.players.Wanted(w.players)
	if !w.whole() {
		a.tell(a.unread(w))
	}
	return w
}

// addInexact includes the players that must be read for other reasons.
func (a *Applier) addInexact(w *work) {
	maps.Copy(a.inexact, a.straddled)
	clear(a.straddled)
	ids := a.players.Wanted(slices.Collect(maps.Keys(a.inexact)))
	clear(a.inexact)
	for _, id := range ids {
		a.inexact[id] = true // until it was read
		if !w.reads(subject{player: id}) {
			w.players = append(w.players, id)
		}
	}
}

// unread returns the players of which subscribers have not been told and that
// nobody wants read.
func (a *Applier) unread(w work) subjects {
	wanted := make(map[syncer.PlayerID]bool, len(w.players))
	for _, id := range w.players {
		wanted[id] = true
	}
	var affected subjects
	for s := range w.marks {
		if s.player != "" && !wanted[s.player] && a.tellAll(w.marks[s]) {
			affected.add(s)
		}
	}
	return affected
}

// tellAll marks changes as told and reports whether any was not.
func (a *Applier) tellAll(changes []changefeed.Change) (untold bool) {
	for _, ch := range changes {
		untold = untold || !a.notes.isTold(ch)
		a.notes.told(ch)
	}
	return untold
}

// readPlayers takes in players that the feed has read for w.
func (a *Applier) readPlayers(w work, readings []changefeed.VersionedPlayer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var affected subjects
	for _, r := range readings {
		before, _ := a.players.Balances(r.ID)
		changed := a.refresh(r)
		after, _ := a.players.Balances(r.ID)
		s := subject{player: r.ID}
		if untold := a.tellAll(w.marks[s]); changed || untold {
			affected.add(s)
		}
		s.balances = true
		if untold := a.tellAll(w.marks[s]); untold || !maps.Equal(before, after) {
			affected.add(s)
		}
	}
	if !w.whole() {
		a.tell(affected)
	}
}

// readBans takes in bans that the feed has read for w.
func (a *Applier) readBans(w work, snapshot changefeed.Snapshot, targets []syncer.Target, open []syncer.ActiveBan) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var affected subjects
	changed := a.bans.Refresh(snapshot, targets, open)
	for _, t := range targets {
		s := subject{target: t}
		if untold := a.tellAll(w.marks[s]); untold || slices.Contains(changed, t) {
			affected.add(s)
		}
	}
	if !w.whole() {
		a.tell(affected)
	}
}

// loadBans takes in all open bans. It does not hold up own writes: the cache
// itself keeps what it was told of later than the snapshot.
func (a *Applier) loadBans(snapshot changefeed.Snapshot, open []syncer.ActiveBan) {
	a.bans.Load(snapshot, slices.Values(open))
}

// resync tells subscribers that anything may have changed.
func (a *Applier) resync() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.publish(changefeed.Event{Type: changefeed.EventResync})
}

// cover moves the cursor: everything that it sees is in memory.
func (a *Applier) cover(cursor changefeed.Snapshot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cursor = cursor
	a.bans.Advance(cursor)
	for _, t := range a.tables {
		t.Advance(cursor)
	}
	a.notes.prune(cursor)
}

// reconnected forgives changes found by polls: their notifications may have gone
// to the connection before.
func (a *Applier) reconnected() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.notes.forgive()
}

// missed returns, once, the changes that a poll found a while ago and of which no
// notification has come since.
func (a *Applier) missed(now time.Time) []mark {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.notes.missed(now)
}

// reset forgets what cannot be compared with what comes next.
func (a *Applier) reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.generation.Add(1)
	a.cursor, a.notes = changefeed.Snapshot{}, newNotes()
	clear(a.inexact)
	clear(a.straddled)
	a.players.Reset()
	a.bans.Reset()
	for _, t := range a.tables {
		t.Reset()
	}
}
