package sidecar

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
)

// slowStore times out with what is too much, or of players whose rows are locked, and refuses
// what is invalid.
type slowStore struct {
	mu      sync.Mutex // guards all of it
	away    bool
	most    int // players that it takes in time
	locked  map[syncer.PlayerID]bool
	invalid map[syncer.PlayerID]bool

	stored   map[syncer.PlayerID][]int64 // what was counted, in order
	ids      map[[16]byte]bool           // stored
	parted   map[[16]byte]bool           // never will be
	attempts int
}

const statementTime = 2 * time.Second

// SaveBatch stores a batch once.
func (s *slowStore) SaveBatch(
	ctx context.Context, batch merge.Batch,
) (readings []changefeed.VersionedPlayer, _ []changefeed.Change, _ error) {
	if s.isSlow(batch) {
		<-time.After(statementTime)
		return nil, nil, &syncer.Error{Code: syncer.CodeOutcomeUnknown, Cause: context.DeadlineExceeded}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids[batch.ID] || s.parted[batch.ID] {
		return nil, nil, nil
	}
	for id := range batch.Edits {
		if s.invalid[id] {
			return nil, nil, syncer.Invalid("language", "is too long")
		}
	}
	for id, edit := range batch.Edits {
		played := edit.Gamemodes["g"]
		s.stored[id] = append(s.stored[id], played.Stats["blocks"]+played.AtLeast["blocks"])
		readings = append(readings, changefeed.VersionedPlayer{ID: id})
	}
	s.ids[batch.ID] = true
	return readings, nil, ctx.Err()
}

func (s *slowStore) isSlow(batch merge.Batch) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts++
	slow := s.away || len(batch.Edits) > s.most
	for id := range batch.Edits {
		slow = slow || s.locked[id]
	}
	return slow
}

// PartBatch keeps a batch from being stored.
func (s *slowStore) PartBatch(_ context.Context, id [16]byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return false, syncer.Unavailable(errors.New("away"))
	}
	if !s.ids[id] {
		s.parted[id] = true
	}
	return s.ids[id], nil
}

// Begin is that of an applier.
func (*slowStore) Begin() changefeed.Generation { return 0 }

// Wrote applies nothing.
func (*slowStore) Wrote(changefeed.Generation, []changefeed.VersionedPlayer, []changefeed.Change) {}

// memoryDisk is an outbox in memory.
type memoryDisk struct {
	mu      sync.Mutex
	batches []merge.Batch
	refused []syncer.PlayerID
}

func (d *memoryDisk) Add(batch merge.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.batches = append(d.batches, batch)
	return nil
}

func (d *memoryDisk) all() []merge.Batch {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.batches)
}

func (d *memoryDisk) Pending(context.Context) iter.Seq2[merge.Batch, error] {
	return func(yield func(merge.Batch, error) bool) {
		for _, batch := range d.all() {
			if !yield(batch, nil) {
				return
			}
		}
	}
}

func (d *memoryDisk) Remove(id [16]byte) error { return d.Replace(id, nil) }

func (d *memoryDisk) Replace(id [16]byte, parts []merge.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.batches, func(b merge.Batch) bool { return b.ID == id })
	d.batches = slices.Replace(d.batches, i, i+1, parts...)
	return nil
}

func (d *memoryDisk) Refuse(id [16]byte, _ string) error {
	for _, batch := range d.all() {
		if batch.ID == id {
			for player := range batch.Edits {
				d.refused = append(d.refused, player)
			}
		}
	}
	return d.Remove(id)
}

func (d *memoryDisk) Len() int { return len(d.all()) }

// replayRig is a saver on a slow store.
type replayRig struct {
	*slowStore
	disk  memoryDisk
	saver *Saver
	log   bytes.Buffer
	end   func() // ends the saver, and waits
}

func newReplayRig(t *testing.T, most int) *replayRig {
	r := &replayRig{slowStore: &slowStore{
		most: most, locked: map[syncer.PlayerID]bool{}, invalid: map[syncer.PlayerID]bool{},
		stored: map[syncer.PlayerID][]int64{}, ids: map[[16]byte]bool{}, parted: map[[16]byte]bool{},
	}}
	r.saver = NewSaver(time.Second, r, &joinRig{}, r, &r.disk, slog.New(slog.NewTextHandler(&r.log, nil)))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.saver.Run(ctx) }()
	r.end = func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	return r
}

// leave lets players leave at once, each having counted something, and returns who waits.
func (r *replayRig) leave(blocks int64, players ...syncer.PlayerID) (waiting map[syncer.PlayerID]<-chan error) {
	vs := r.saver.visitors
	vs.mu.Lock()
	defer vs.mu.Unlock()
	waiting = map[syncer.PlayerID]<-chan error{}
	for _, id := range players {
		vs.of(id).add("s", merge.Edit{Gamemodes: map[string]merge.GamemodeEdit{
			"g": {Stats: map[string]int64{"blocks": blocks}},
		}})
		waiting[id] = vs.await(id)
	}
	return waiting
}

// set changes how the store behaves.
func (s *slowStore) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// passes lets a time pass, and all be done by then.
func passes(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func somePlayers(many int) (ids []syncer.PlayerID) {
	for n := range many {
		ids = append(ids, syncer.PlayerID(fmt.Sprintf("player %02d", n)))
	}
	return ids
}

// want compares what is stored of players.
func (r *replayRig) want(t *testing.T, players []syncer.PlayerID, blocks ...int64) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range players {
		if !slices.Equal(r.stored[id], blocks) {
			t.Errorf("of %s there is %v, want %v", id, r.stored[id], blocks)
		}
	}
}

// What is refused of one player is told to who waits for him, and to nobody else.
func TestRefusalIsToldToWhomItConcerns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplayRig(t, maxBatch)
		players := somePlayers(20)
		r.set(func() { r.invalid[players[7]] = true })
		for id, saved := range r.leave(1, players...) {
			if err := <-saved; (syncer.CodeOf(err) == syncer.CodeInvalid) != (id == players[7]) {
				t.Errorf("%s: %v", id, err)
			}
		}
		r.end()
		r.want(t, slices.Concat(players[:7], players[8:]), 1)
		if most := 11; len(r.disk.refused) != 1 || r.attempts > most {
			t.Errorf("refused %v in %d attempts, want one in %d", r.disk.refused, r.attempts, most)
		}
	})
}

// A batch that is too much for the time is stored in parts, once, and the next ones are smaller.
func TestBatchThatIsTooMuchIsStoredInParts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplayRig(t, 10)
		players := somePlayers(64)
		for _, saved := range r.leave(1, players...) {
			if err := <-saved; err != nil {
				t.Error(err)
			}
		}
		passes(time.Minute)
		r.want(t, players, 1)
		r.leave(2, players...)
		passes(time.Minute)
		r.end()
		r.want(t, players, 1, 2)
		if _, unsaved := r.saver.visitors.count(); unsaved > 0 || r.disk.Len() > 0 {
			t.Errorf("%d unsaved, %d on disk", unsaved, r.disk.Len())
		}
	})
}

// Whose saves do not get through, though the database answers, waits alone. He is named in the
// log, and his saves are stored in their order once they can be.
func TestWhoDoesNotGetThroughWaitsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplayRig(t, maxBatch)
		players := somePlayers(32)
		locked, others := players[5], slices.Concat(players[:5], players[6:])
		r.set(func() { r.locked[locked] = true })
		r.leave(1, players...)
		passes(time.Minute)
		r.leave(2, players...)
		passes(10 * time.Second)
		r.want(t, others, 1, 2)
		r.want(t, []syncer.PlayerID{locked})
		if log := r.log.String(); !strings.Contains(log, `wait on disk; the others go on" player="player 05"`) {
			t.Errorf("the log does not name who waits:\n%s", log)
		}
		r.set(func() { r.locked[locked] = false })
		passes(maxPause)
		r.end()
		r.want(t, players, 1, 2)
	})
}

// While the database is away, nothing is parted.
func TestAwayDatabasePartsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplayRig(t, maxBatch)
		r.set(func() { r.away = true })
		r.leave(1, somePlayers(32)...)
		passes(time.Minute)
		if r.disk.Len() != 1 {
			t.Errorf("%d batches on disk", r.disk.Len())
		}
		r.set(func() { r.away = false })
		passes(time.Minute)
		r.end()
		r.want(t, somePlayers(32), 1)
	})
}
