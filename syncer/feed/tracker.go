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

	// notificationTimeout is how long after the poll that found a change its
	// notification may still arrive.
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
//	or a second passes without it        -           missed: counted in a metric
type tracker struct {
	published   map[changeID]bool      // received ones, and whether their events were published
	unconfirmed map[changeID]time.Time // when a poll found them
	truncated   bool                   // some were forgotten before the cursor covered them
}

func newTracker() tracker {
	return tracker{published: map[changeID]bool{}, unconfirmed: map[changeID]time.Time{}}
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

// confirm records that the notification of a change has arrived.
func (t *tracker) confirm(ch changefeed.Change) { delete(t.unconfirmed, idOf(ch)) }

// clearUnconfirmed stops waiting for notifications.
func (t *tracker) clearUnconfirmed() { clear(t.unconfirmed) }

// missed returns and drops the changes whose notification did not arrive in time.
func (t *tracker) missed(now time.Time) (missed []changeID) {
	for id, since := range t.unconfirmed {
		if now.Sub(since) >= notificationTimeout {
			missed = append(missed, id)
			delete(t.unconfirmed, id)
		}
	}
	return missed
}

// prune forgets what the cursor covers.
func (t *tracker) prune(cursor changefeed.Snapshot) {
	maps.DeleteFunc(t.published, func(id changeID, _ bool) bool { return cursor.Sees(id.xid) })
	t.truncated = false
}
