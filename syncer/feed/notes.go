package feed

import (
	"maps"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

const (
	// maxNotes bounds what is remembered while no poll succeeds. Changes forgotten
	// so may be told twice.
	maxNotes = 1 << 16

	// patience is how long a notification may be behind the poll that found its
	// change.
	patience = time.Second
)

// mark identifies a recorded change.
type mark struct {
	xid    uint64
	entity syncer.Entity
	key    string
}

func markOf(ch changefeed.Change) mark { return mark{xid: ch.Xid, entity: ch.Entity, key: ch.Key} }

// notes remembers changes until the cursor covers them, and beyond that those
// whose notification is still to come.
type notes struct {
	known    map[mark]bool      // whether subscribers were told
	suspects map[mark]time.Time // when a poll found them
	gaps     bool               // some were forgotten early
}

func newNotes() notes {
	return notes{known: map[mark]bool{}, suspects: map[mark]time.Time{}}
}

// heard notes that a change is known, and reports whether that is news.
func (n *notes) heard(ch changefeed.Change) (isNews bool) {
	m := markOf(ch)
	delete(n.suspects, m)
	if _, known := n.known[m]; known {
		return false
	}
	if len(n.known) >= maxNotes {
		clear(n.known)
		n.gaps = true
	}
	n.known[m] = false
	return true
}

// told notes that subscribers know of a change.
func (n *notes) told(ch changefeed.Change) { n.known[markOf(ch)] = true }

func (n *notes) isTold(ch changefeed.Change) bool { return n.known[markOf(ch)] }

// suspect notes that a poll found a change of which no notification had come.
func (n *notes) suspect(ch changefeed.Change, now time.Time) {
	if !n.gaps {
		n.suspects[markOf(ch)] = now
	}
}

// excuse notes that a suspected change was notified after all.
func (n *notes) excuse(ch changefeed.Change) { delete(n.suspects, markOf(ch)) }

// forgive drops all suspicions.
func (n *notes) forgive() { clear(n.suspects) }

// missed returns and drops the suspects whose time is up.
func (n *notes) missed(now time.Time) (missed []mark) {
	for m, since := range n.suspects {
		if now.Sub(since) >= patience {
			missed = append(missed, m)
			delete(n.suspects, m)
		}
	}
	return missed
}

// prune forgets what the cursor covers.
func (n *notes) prune(cursor changefeed.Snapshot) {
	maps.DeleteFunc(n.known, func(m mark, _ bool) bool { return cursor.Sees(m.xid) })
	n.gaps = false
}
