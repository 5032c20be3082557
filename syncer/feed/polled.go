package feed

import (
	"maps"
	"slices"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// polled takes in the changes of a poll and returns what must be read before the
// cursor may move past them. With expectNotifications, changes that had not been
// received before stay unconfirmed until their notification arrives.
func (a *Applier) polled(
	changes []changefeed.Change, overflow, expectNotifications bool, now time.Time,
) work {
	a.mu.Lock()
	defer a.mu.Unlock()
	if overflow {
		return a.everything()
	}
	w := work{
		changes: make(map[subject][]changefeed.Change, len(changes)),
		tables:  map[syncer.Entity][]changefeed.Change{},
	}
	for _, ch := range changes {
		if !a.follows(ch.Entity) {
			continue
		}
		if a.tracker.receive(ch) && expectNotifications {
			a.tracker.markUnconfirmed(ch, now)
		}
		if !a.tracker.isPublished(ch) {
			w.newChanges = append(w.newChanges, ch)
		}
		w.add(ch)
	}
	w.unfounded = a.tracker.unfounded(changes)
	for _, ch := range w.unfounded {
		a.distrust(ch)
		w.add(ch)
	}
	a.addNeeded(&w)
	w.players = a.players.Wanted(w.players)
	if !w.whole() {
		a.publishStates(a.unread(w))
	}
	return w
}

// reload returns the work of reading everything that is held.
func (a *Applier) reload() work {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.everything()
}

// everything is the work after which nothing before it matters. What was only notified is
// read as well, so it is distrusted without asking whether it is borne out.
func (a *Applier) everything() work {
	for _, ch := range a.tracker.unfounded(nil) {
		a.distrust(ch)
	}
	return work{allPlayers: true, allBans: true, allTables: true}
}

// distrust lets the next read replace what came with a change that was never made.
func (a *Applier) distrust(ch changefeed.Change) {
	switch table := a.table(ch.Entity); {
	case table != nil:
		table.Distrust(ch)
	case ch.Entity == syncer.EntityBan:
		a.bans.Distrust(ch)
	default:
		a.players.Distrust(ch)
	}
}

// addNeeded includes the players and the bans that must be read for other reasons than a change.
func (a *Applier) addNeeded(w *work) {
	ids := a.players.Wanted(slices.Collect(maps.Keys(a.needRead)))
	clear(a.needRead)
	for _, id := range ids {
		a.needRead[id] = true // until it was read
		if !w.reads(subject{player: id}) {
			w.players = append(w.players, id)
		}
	}
	targets := a.bans.Wanted()
	a.needBans = len(targets) > 0 // until they were read
	for _, t := range targets {
		if !w.reads(subject{target: t}) {
			w.targets = append(w.targets, t)
		}
	}
}

// unread returns the changed players that are not held, so that nothing is read for
// them, and whose events have not been published.
func (a *Applier) unread(w work) subjects {
	wanted := make(map[syncer.PlayerID]bool, len(w.players))
	for _, id := range w.players {
		wanted[id] = true
	}
	var affected subjects
	for s := range w.changes {
		if s.player != "" && !wanted[s.player] && a.markPublished(w.changes[s]) {
			affected.add(s)
		}
	}
	return affected
}

// markPublished marks changes as published and reports whether any was not yet.
func (a *Applier) markPublished(changes []changefeed.Change) (unpublished bool) {
	for _, ch := range changes {
		unpublished = unpublished || !a.tracker.isPublished(ch)
		a.tracker.markPublished(ch)
	}
	return unpublished
}

// readPlayers takes in players that the feed has read, and returns the changes that this
// applied. Those behind each are in its debt.
func (a *Applier) readPlayers(
	debts map[syncer.PlayerID]*debt, readings []changefeed.VersionedPlayer,
) (newChanges []changefeed.Change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var affected subjects
	for _, r := range readings {
		owed := debts[r.ID]
		before, _ := a.players.Balances(r.ID)
		changed := a.refresh(r)
		after, _ := a.players.Balances(r.ID)
		ofBalances, ofPlayer := split(owed.changes)
		unpublished := a.markPublished(ofPlayer)
		if (changed || unpublished) && !owed.quiet {
			affected.add(subject{player: r.ID})
		}
		unpublished = a.markPublished(ofBalances)
		if (unpublished || !maps.Equal(before, after)) && !owed.quiet {
			affected.add(subject{player: r.ID, balances: true})
		}
		newChanges = append(newChanges, owed.changes...)
	}
	a.publishStates(affected)
	return newChanges
}

// split tells the changes of a player's balances from the rest.
func split(changes []changefeed.Change) (ofBalances, ofPlayer []changefeed.Change) {
	for _, ch := range changes {
		if ch.Entity == syncer.EntityBalance {
			ofBalances = append(ofBalances, ch)
		} else {
			ofPlayer = append(ofPlayer, ch)
		}
	}
	return ofBalances, ofPlayer
}

// readBans takes in bans that the feed has read for w.
func (a *Applier) readBans(w work, snapshot changefeed.Snapshot, targets []syncer.Target, open []syncer.ActiveBan) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var affected subjects
	changed := a.bans.Refresh(snapshot, targets, open)
	for _, t := range targets {
		s := subject{target: t}
		if unpublished := a.markPublished(w.changes[s]); unpublished || slices.Contains(changed, t) {
			affected.add(s)
		}
	}
	if !w.whole() {
		a.publishStates(affected)
	}
}
