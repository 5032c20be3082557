package feed

import (
	"sync"
	"sync/atomic"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Applier is the only place where changes enter the caches and events leave.
// Notifications, polls and results of own writes all arrive here, in any order and
// more than once. The caches decide by transaction and revision whether a change is
// new to them. Subscribers get an event for each change at least once, as a rule
// exactly once. It is safe for concurrent use.
//
// An example: server A sets Steve's rank in transaction 7, and the notification
// reaches this sidecar twice, the second time after a poll.
//
//	arrives                        cache           published   cursor
//	notification of 7, with row    takes the row   one event   sees up to 6
//	poll: 7 is newly visible       reads Steve;    nothing     moves past 7
//	                               no difference
//	notification of 7 again        not asked       nothing     sees 7
//
// Had the notification carried the key only, or never come, the poll's read would
// have changed the cache and published the event.
type Applier struct {
	players Players
	bans    Bans
	tables  []Table
	publish func(changefeed.Event)

	generation atomic.Uint64 // changes under mu

	mu        sync.Mutex
	cursor    changefeed.Snapshot // what it sees has been applied and published
	tracker   tracker
	needRead  map[syncer.PlayerID]bool // players to read, though no recorded change asks for it
	needBans  bool                     // the same of bans
	interrupt func()                   // wakes the feed: there is something to read
}

// NewApplier returns an applier that keeps the caches and tables and publishes events.
// Publish is called in the order of the changes and with a lock held: it must
// not block and not call back.
func NewApplier(players Players, bans Bans, publish func(changefeed.Event), tables ...Table) *Applier {
	return &Applier{
		players: players, bans: bans, tables: tables, publish: publish,
		tracker: newTracker(), needRead: map[syncer.PlayerID]bool{},
		interrupt: func() {},
	}
}

// Begin is called before an own write begins; its result goes to [Applier.Wrote].
func (a *Applier) Begin() changefeed.Generation { return changefeed.Generation(a.generation.Load()) }

// Wrote takes in the result of an own write after its commit: the players as the
// write left them, added history included, and the changes it recorded. When the
// feed receives those changes later, they are no longer new. If memory was reset
// since the write began, the write may have gone to another database than the one
// that memory is read from now: then its players are read instead, before the next request
// is answered from memory, its bans are shown until they are read, and a poll finds its changes.
func (a *Applier) Wrote(
	begun changefeed.Generation, readings []changefeed.VersionedPlayer, changes []changefeed.Change,
) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if begun != a.Begin() {
		a.requireFreshRead(readings, changes)
		return
	}
	var affected subjects
	included := make(map[changeID]bool, len(readings))
	for _, r := range readings {
		if a.refresh(r) {
			affected.add(subject{player: r.ID})
		}
		included[changeID{r.Xid, syncer.EntityPlayer, string(r.ID)}] = true
	}
	for _, ch := range changes {
		_, mustRead := a.receive(ch, included[idOf(ch)], &affected)
		if mustRead && ch.Entity == syncer.EntityBalance {
			a.needRead[syncer.PlayerID(ch.Key)] = true
			a.interrupt()
		}
	}
	a.publishStates(affected)
}

// notified applies the changes of a notification. It returns those that were new
// and are in memory now, and whether a poll must follow: to read the rows of others, or to
// bear out what has come since the last one.
func (a *Applier) notified(changes []changefeed.Change) (newChanges []changefeed.Change, mustRead bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var affected subjects
	for _, ch := range changes {
		isNew, needed := a.receive(ch, false, &affected)
		if ch.Row != nil && !a.cursor.Sees(ch.Xid) && a.follows(ch.Entity) {
			a.tracker.hint(ch)
		}
		if isNew && !needed {
			newChanges = append(newChanges, ch)
		}
		mustRead = mustRead || needed
	}
	a.publishStates(affected)
	return newChanges, mustRead || len(a.tracker.published) >= maxUnpolled
}

// refresh hands a reading to the cache of players and reports whether its copy may
// have changed. A player that needs another read gets one at the next poll.
func (a *Applier) refresh(r changefeed.VersionedPlayer) (changed bool) {
	result := a.players.Refresh(r)
	if result != changefeed.NeedsRead {
		delete(a.needRead, r.ID)
		return result == changefeed.Applied
	}
	a.needRead[r.ID] = true
	a.interrupt()
	return true
}

// requireFreshRead asks for a read of what was written where the result cannot be used. One
// that has begun already is not enough.
func (a *Applier) requireFreshRead(readings []changefeed.VersionedPlayer, changes []changefeed.Change) {
	written := map[syncer.PlayerID]*syncer.Player{}
	for _, ch := range changes {
		switch ch.Entity {
		case syncer.EntityPlayer, syncer.EntityBalance:
			written[syncer.PlayerID(ch.Key)] = nil
		case syncer.EntityBan:
			a.bans.Assume(ch)
			a.needBans = true
		}
	}
	for _, r := range readings {
		written[r.ID] = r.Player
	}
	for id, player := range written {
		a.players.Outdate(id, player)
		a.needRead[id] = true
	}
	if len(readings)+len(changes) > 0 {
		a.interrupt()
	}
}

// setInterrupt sets what is called when something must be read though no recorded
// change asks for it, and reports whether anything must be read already.
func (a *Applier) setInterrupt(interrupt func()) (now bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.interrupt = interrupt
	return len(a.needRead) > 0 || a.needBans
}

// receive takes in one change; included says that the cache has it already, as part
// of a write's result. It adds the subject to affected if its event can be published
// now; else that waits for a read.
func (a *Applier) receive(ch changefeed.Change, included bool, affected *subjects) (isNew, mustRead bool) {
	table := a.table(ch.Entity)
	if a.cursor.Sees(ch.Xid) || !a.follows(ch.Entity) {
		a.tracker.confirm(ch) // a poll was first
		return false, false
	}
	if table != nil {
		return a.receiveTable(table, ch)
	}
	isNew = a.tracker.receive(ch)
	result := changefeed.Unchanged
	if !included {
		result = a.apply(ch)
	}
	s, single := subjectOf(ch)
	switch {
	case !single, result == changefeed.NeedsRead:
		return isNew, true
	case result == changefeed.Applied, !a.tracker.isPublished(ch):
		a.tracker.markPublished(ch)
		affected.add(s)
	}
	return isNew, false
}

// apply hands a change to the cache it concerns.
func (a *Applier) apply(ch changefeed.Change) changefeed.ApplyResult {
	if ch.Entity == syncer.EntityBan {
		return a.bans.Apply(ch)
	}
	return a.players.Apply(ch)
}

// publishStates publishes the present state of each subject.
func (a *Applier) publishStates(affected subjects) {
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
	active, banned := a.bans.Lookup(s.target)
	return changefeed.Event{Type: changefeed.EventBan, Target: s.target, Banned: banned, ExpiresAt: active.ExpiresAt}
}

// follows reports whether changes of the entity concern a cache.
func (a *Applier) follows(entity syncer.Entity) bool {
	return isKnown(entity) || a.table(entity) != nil
}

// resync publishes that anything may have changed.
func (a *Applier) resync() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.publish(changefeed.Event{Type: changefeed.EventResync})
}

// advance moves the cursor: everything that it sees is in memory.
func (a *Applier) advance(cursor changefeed.Snapshot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cursor = cursor
	a.bans.Advance(cursor)
	for _, t := range a.tables {
		t.Advance(cursor)
	}
	a.tracker.prune(cursor)
}

// reconnected stops waiting for notifications: they may have gone to the connection
// before.
func (a *Applier) reconnected() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tracker.clearUnconfirmed()
}

// missed returns the changes that a poll found and whose notification did not arrive
// in time; each of them once.
func (a *Applier) missed(now time.Time, timeout time.Duration) []changeID {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tracker.missed(now, timeout)
}

// reset forgets everything that belongs to an earlier epoch.
func (a *Applier) reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.generation.Add(1)
	a.cursor, a.tracker = changefeed.Snapshot{}, newTracker()
	clear(a.needRead)
	a.players.Reset()
	a.bans.Reset()
	for _, t := range a.tables {
		t.Reset()
	}
}
