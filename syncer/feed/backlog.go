package feed

import (
	"cmp"
	"slices"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

const (
	// pieceTime is how long reading one piece of a backlog should take: what others change
	// meanwhile waits for it.
	pieceTime = 250 * time.Millisecond

	// Bytes of a piece, as the database stores them: at first, and the bounds within which
	// they follow pieceTime.
	firstPiece = 256 << 10
	minPiece   = 16 << 10
	maxPiece   = 2 << 20

	// A player is set aside, so that the others go on without him, who was tried alone so
	// often and for so long.
	maxFailures = 3
	maxFailing  = 10 * time.Second
	// asidePause is the time until he is tried again.
	asidePause = 30 * time.Second
)

// backlog is the players that polls found changed and that have not been read yet. How
// large they are has no bound, so they are read in pieces, and between two pieces the feed
// takes in what others change. The cursor may be past their changes: from then on only the
// backlog knows of them. What one connection could not read, the next one does.
//
// An example: 500 players of 1 MB each change at once, and a second later somebody's rank.
//
//	poll    finds 500 players     the first piece is read, the cursor moves on, 499 are owed
//	piece   after piece           each as large as 250 ms allow
//	poll    finds the rank        it is read first, then the next piece
//
// The piece whose reading stalls is halved. A player who cannot be read even alone is set
// aside and tried again later; who asks for him is answered by the database.
type backlog struct {
	debts map[syncer.PlayerID]*debt
	fresh []syncer.PlayerID // found by the last poll, read first; some may be read already
	older []syncer.PlayerID
	aside []syncer.PlayerID

	resync bool      // when it is empty, subscribers are told that anything may have changed
	began  time.Time // when something came into it
	total  int64     // bytes that did since, as far as is known
	toldAt time.Time // when the log last told of it

	bytes   int64 // that the next piece may have
	players int   // the same
	turn    bool  // it is the turn of older
}

// debt is one player to be read.
type debt struct {
	changes  []changefeed.Change // those behind it that were not published
	quiet    bool                // a resync will tell of it
	size     int64               // bytes stored; 0: not known
	failures int                 // tries that failed although nobody else was read with him
	failing  time.Time           // the first of them
	retryAt  time.Time           // of a player who is set aside
}

func newBacklog() backlog {
	return backlog{debts: map[syncer.PlayerID]*debt{}, bytes: firstPiece, players: maxKeysPerRead}
}

// clear forgets everything but how large pieces may be.
func (b *backlog) clear() {
	*b = backlog{debts: map[syncer.PlayerID]*debt{}, bytes: b.bytes, players: b.players}
}

// isEmpty reports whether everything was read, but for what is set aside.
func (b *backlog) isEmpty() bool { return len(b.debts) == len(b.aside) }

// waits reports whether there is something to read now.
func (b *backlog) waits(now time.Time) bool {
	return !b.isEmpty() || slices.ContainsFunc(b.aside, func(id syncer.PlayerID) bool {
		return !now.Before(b.debts[id].retryAt)
	})
}

// add includes the players of a poll's work. It returns the changes of the work that are
// behind none of them.
func (b *backlog) add(w work, now time.Time) (others []changefeed.Change) {
	if b.isEmpty() {
		b.began, b.total, b.toldAt = now, 0, time.Time{}
	}
	found := make(map[syncer.PlayerID]bool, len(w.players))
	for _, id := range w.players {
		found[id] = true
		if b.debts[id] == nil {
			b.debts[id] = &debt{quiet: w.whole()}
		}
	}
	for _, ch := range w.newChanges {
		if id := syncer.PlayerID(ch.Key); isOfPlayer(ch) && found[id] {
			b.debts[id].add(ch)
		} else {
			others = append(others, ch)
		}
	}
	b.older = slices.DeleteFunc(append(b.older, b.fresh...), func(id syncer.PlayerID) bool { return found[id] })
	b.fresh = slices.DeleteFunc(slices.Clone(w.players), func(id syncer.PlayerID) bool {
		return slices.Contains(b.aside, id)
	})
	b.sort()
	b.resync, b.turn = b.resync || w.whole(), false
	return others
}

// add includes a change, unless it is there: a poll that failed is repeated.
func (d *debt) add(ch changefeed.Change) {
	same := func(known changefeed.Change) bool { return idOf(known) == idOf(ch) }
	if !slices.ContainsFunc(d.changes, same) {
		d.changes = append(d.changes, ch)
	}
}

// unsized returns the next players whose size is not known, nil if they are so few that it
// does not matter.
func (b *backlog) unsized() (ids []syncer.PlayerID) {
	const few = 4
	if len(b.debts) <= few {
		return nil
	}
	for _, queue := range [][]syncer.PlayerID{b.fresh, b.older} {
		for _, id := range queue {
			if len(ids) == maxKeysPerRead {
				return ids
			}
			if d := b.debts[id]; d != nil && d.size == 0 {
				ids = append(ids, id)
			}
		}
		if len(ids) > 0 {
			return ids
		}
	}
	return nil
}

// learn takes in sizes in bytes.
func (b *backlog) learn(asked []syncer.PlayerID, sizes map[syncer.PlayerID]int64) {
	for _, id := range asked {
		if d := b.debts[id]; d != nil {
			d.size = max(sizes[id], 1)
			b.total += d.size
		}
	}
	b.sort()
}

// sort lets small players be read before large ones, and those that could not be read last.
func (b *backlog) sort() {
	slices.SortStableFunc(b.fresh, func(x, y syncer.PlayerID) int {
		one, other := b.debts[x], b.debts[y]
		return cmp.Or(cmp.Compare(one.failures, other.failures), cmp.Compare(one.size, other.size))
	})
}

func (b *backlog) sizeOf(ids ...syncer.PlayerID) (size int64) {
	for _, id := range ids {
		if d := b.debts[id]; d != nil {
			size += d.size
		}
	}
	return size
}

// left returns how many players, and how many bytes of them, are still to be read.
func (b *backlog) left() (players int, size int64) {
	for _, d := range b.debts {
		size += d.size
	}
	return len(b.debts) - len(b.aside), size
}

// next returns a piece: at least one player if any is left. The queues have turns, so that
// neither keeps the other from being read.
func (b *backlog) next(now time.Time) []syncer.PlayerID {
	b.takeBack(now)
	queue := &b.fresh
	if len(b.fresh) == 0 || b.turn && len(b.older) > 0 {
		queue = &b.older
	}
	b.turn = !b.turn
	n, size := 0, int64(0)
	for n < min(len(*queue), b.players) && (n == 0 || size+b.sizeOf((*queue)[n]) <= b.bytes) {
		size += b.sizeOf((*queue)[n])
		n++
	}
	piece := (*queue)[:n:n]
	*queue = (*queue)[n:]
	return piece
}

// takeBack queues players whose pause is over.
func (b *backlog) takeBack(now time.Time) {
	b.aside = slices.DeleteFunc(b.aside, func(id syncer.PlayerID) bool {
		due := !now.Before(b.debts[id].retryAt)
		if due {
			b.older = append(b.older, id)
		}
		return due
	})
}

// paid forgets a piece that was read, and lets the next one be as large as the time allows.
func (b *backlog) paid(piece []syncer.PlayerID, took time.Duration) {
	size := b.sizeOf(piece...)
	for _, id := range piece {
		delete(b.debts, id)
	}
	switch {
	case took > 2*pieceTime:
		b.halve(len(piece), size)
	case took < pieceTime/2:
		b.bytes, b.players = min(2*b.bytes, maxPiece), min(2*b.players, maxKeysPerRead)
	}
}

// halve makes the next piece half of one with so many players and bytes.
func (b *backlog) halve(players int, size int64) {
	b.players = max(players/2, 1)
	b.bytes = max(min(size, b.bytes)/2, minPiece)
}

// failed puts a piece back that could not be read, and halves the next one. A player who
// was alone in it is set aside after some tries.
func (b *backlog) failed(piece []syncer.PlayerID, now time.Time) (aside bool) {
	b.halve(len(piece), b.sizeOf(piece...))
	if len(piece) > 1 {
		b.older = append(b.older, piece...)
		return false
	}
	id := piece[0]
	d := b.debts[id]
	if d.failures++; d.failures == 1 {
		d.failing = now
	}
	if d.failures < maxFailures || now.Sub(d.failing) < maxFailing {
		b.older = append(b.older, id)
		return false
	}
	d.retryAt = now.Add(asidePause)
	b.aside = append(b.aside, id)
	return true
}
