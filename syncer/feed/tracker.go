package feed

import (
	"maps"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

const (
	// maxTracked bounds how many changes are remembered while no poll succeeds.
	// Beyond it all are forgotten, and subscribers may get their events twice.
	maxTracked = 1 << 16

	// maxUnpolled bounds how many notified changes wait for a poll. At so many it comes early,
	// and finds fewer than would make it read everything.
	maxUnpolled = maxPolledChanges / 8

	// notificationTimeout is how long after the poll that found a change its
	// notification may still arrive on a connection that listens.
	notificationTimeout = time.Second
)

// changeID identifies a row of the change table.
type changeID struct {
	xid    uint64
	entity syncer.Entity
	key    string
}

func idOf(ch changefeed.Change) changeID {
	return changeID{xid: ch.Xid, entity: ch.Entity, key: ch.Key}
}

// tracker remembers which changes were received and published until the cursor
// covers them. A change that a poll finds before its notification arrives is
// unconfirmed, also after the cursor has passed it:
//
//	step                                 published   unconfirmed
//	a poll finds the change              no          since the poll
//	its row was read, an event sent      yes         since the poll
//	the cursor covers it                 forgotten   since the poll
//	either its notification arrives      -           no
//	or the time-out passes               -           missed: counted in a metric
//
// A notification is only a hint. A transaction whose notification has been received has
// committed, so the next poll finds its changes: what was notified by then and is not among
// them was never made.
type tracker struct {
	published   map[changeID]bool      // received ones, and whether their events were published
	unconfirmed map[changeID]time.Time // when a poll found them
	hinted      map[changeID]bool      // applied from a notification since the cursor
	truncated   bool                   // some were forgotten before the cursor covered them
}

func newTracker() tracker {
	return tracker{
		published: map[changeID]bool{}, unconfirmed: map[changeID]time.Time{}, hinted: map[changeID]bool{},
	}
}

// receive records that a change has arrived, by whatever way, and reports whether
// that was the first time.
func (t *tracker) receive(ch changefeed.Change) (isNew bool) {
	id := idOf(ch)
	delete(t.unconfirmed, id)
	if _, known := t.published[id]; known {
		return false
	}
	if len(t.published) >= maxTracked {
		clear(t.published)
		t.truncated = true
	}
	t.published[id] = false
	return true
}

// markPublished records that the event of a change was published.
func (t *tracker) markPublished(ch changefeed.Change) { t.published[idOf(ch)] = true }

func (t *tracker) isPublished(ch changefeed.Change) bool { return t.published[idOf(ch)] }

// markUnconfirmed records that a poll found a change before its notification.
func (t *tracker) markUnconfirmed(ch changefeed.Change, now time.Time) {
	if !t.truncated {
		t.unconfirmed[idOf(ch)] = now
	}
}

// hint records that a change was applied because a notification brought its row.
func (t *tracker) hint(ch changefeed.Change) { t.hinted[idOf(ch)] = true }

// unfounded returns the hints that the changes found by a poll do not bear out: neither
// they nor their whole table were changed by that transaction.
func (t *tracker) unfounded(found []changefeed.Change) (never []changefeed.Change) {
	if len(t.hinted) == 0 {
		return nil
	}
	made := make(map[changeID]bool, len(found))
	for _, ch := range found {
		made[idOf(ch)] = true
	}
	for id := range t.hinted {
		if !made[id] && !made[changeID{xid: id.xid, entity: id.entity}] {
			never = append(never, changefeed.Change{Entity: id.entity, Key: id.key, Xid: id.xid})
		}
	}
	return never
}

// confirm records that the notification of a change has arrived.
func (t *tracker) confirm(ch changefeed.Change) { delete(t.unconfirmed, idOf(ch)) }

// clearUnconfirmed stops waiting for notifications.
func (t *tracker) clearUnconfirmed() { clear(t.unconfirmed) }

// missed returns and drops the changes whose notification did not arrive in time.
func (t *tracker) missed(now time.Time, timeout time.Duration) (missed []changeID) {
	for id, since := range t.unconfirmed {
		if now.Sub(since) >= timeout {
			missed = append(missed, id)
			delete(t.unconfirmed, id)
		}
	}
	return missed
}

// prune forgets what the cursor covers, and all hints: they are borne out or dropped.
func (t *tracker) prune(cursor changefeed.Snapshot) {
	for id := range t.hinted {
		delete(t.published, id)
	}
	clear(t.hinted)
	maps.DeleteFunc(t.published, func(id changeID, _ bool) bool { return cursor.Sees(id.xid) })
	t.truncated = false
}
