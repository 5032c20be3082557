// Package writequeue stores small writes whose senders forget them at once, whatever
// the answer: player counts, map runs, entries of a log.
//
// While the database answers, a write is stored before its sender gets an answer.
// While the database is away, writes wait on disk, in their order, and in memory only
// if the disk fails too. Once one waits, later ones wait behind it, so an older value
// never overwrites a newer one. A write may be stored twice, after a crash between
// storing it and removing it from disk: storing each again must change nothing.
//
// Each kind of write is registered beside the code that makes it, by [Register].
package writequeue

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"playersync/syncer"
)

// Disk keeps writes that wait. A write is durable when AddWrite returns.
type Disk interface {
	// AddWrite keeps a write and returns its number, which is higher than all before.
	AddWrite(kind string, payload []byte) (number uint64, err error)
	// LoadWrites hands out all writes in the order they were added. One that cannot
	// be read is left out, and the error says so.
	LoadWrites(keep func(number uint64, kind string, payload []byte)) error
	// RemoveWrite forgets a write.
	RemoveWrite(number uint64) error
}

// retryInterval is how often the database is tried while anything waits.
const retryInterval = time.Second

// Queue holds the writes that wait. It is safe for concurrent use.
type Queue struct {
	disk Disk
	log  *slog.Logger

	writing sync.Mutex // one write at a time
	mu      sync.Mutex
	waiting []write // oldest first
	places  uint64  // given so far
}

// write is one write that waits.
type write struct {
	number  uint64 // on disk; 0: in memory only
	place   uint64 // in the queue; a later write has a higher one
	kind    string
	payload []byte // as it was read from disk, until its kind is registered
	value   any
	store   func(context.Context) error // nil until its kind is registered
}

// New returns a queue with what waits on disk. All kinds must be registered before
// Run, which stores what waits.
func New(disk Disk, log *slog.Logger) *Queue {
	q := &Queue{disk: disk, log: log}
	err := disk.LoadWrites(func(number uint64, kind string, payload []byte) {
		q.places++
		q.waiting = append(q.waiting, write{number: number, place: q.places, kind: kind, payload: payload})
	})
	if err != nil {
		log.Error("cannot read all small writes that waited on disk", "error", err)
	}
	return q
}

// Len returns how many writes wait.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// pending returns what waits, oldest first; it is shared and not to be changed.
func (q *Queue) pending() []write {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clip(q.waiting)
}

// append puts a write at the end.
func (q *Queue) append(w write) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.places++
	w.place = q.places
	q.waiting = append(slices.Clip(q.waiting), w)
}

// Run stores what waits once the database is back, until ctx ends.
func (q *Queue) Run(ctx context.Context) error {
	ticker := time.NewTicker(retryInterval)
	defer ticker.Stop()
	for {
		for q.Len() > 0 && q.storeOldest(ctx) {
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// errUnknownKind is why a write of another version of this program is dropped.
var errUnknownKind = errors.New("this program knows no writes of its kind")

// storeOldest stores the first write that waits; false: not now.
func (q *Queue) storeOldest(ctx context.Context) bool {
	oldest := q.pending()[0]
	err := errUnknownKind
	if oldest.store != nil {
		err = oldest.store(ctx)
	}
	if err != nil && (syncer.IsAway(err) || ctx.Err() != nil) {
		return false
	}
	if err != nil {
		q.log.Error("the database refuses a small write that waited on disk; it is dropped",
			"kind", oldest.kind, "error", err)
	}
	if oldest.number != 0 {
		if err := q.disk.RemoveWrite(oldest.number); err != nil {
			q.log.Error("cannot remove a stored write from disk; it will be stored again after a restart", "error", err)
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = q.waiting[1:]
	return true
}
