package writequeue_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
	"playersync/syncer/writequeue"
)

// disk is a disk in memory. A full one keeps nothing.
type disk struct {
	writes []kept
	last   uint64
	full   bool
}

type kept struct {
	number  uint64
	kind    string
	payload []byte
}

func (d *disk) AddWrite(kind string, payload []byte) (uint64, error) {
	if d.full {
		return 0, errors.New("no space left on device")
	}
	d.last++
	d.writes = append(d.writes, kept{d.last, kind, payload})
	return d.last, nil
}

func (d *disk) LoadWrites(keep func(number uint64, kind string, payload []byte)) error {
	for _, w := range d.writes {
		keep(w.number, w.kind, w.payload)
	}
	return nil
}

func (d *disk) RemoveWrite(number uint64) error {
	d.writes = slices.DeleteFunc(d.writes, func(w kept) bool { return w.number == number })
	return nil
}

// database takes words and numbers, in one list.
type database struct {
	away   bool
	stored []any
}

func (d *database) take(value any) error {
	if d.away {
		return syncer.Unavailable(errors.New("away"))
	}
	if value == "bad" {
		return syncer.Invalid("word", "is bad")
	}
	d.stored = append(d.stored, value)
	return nil
}

// rig is a queue with two kinds of writes.
type rig struct {
	*writequeue.Queue
	t       *testing.T
	words   *writequeue.Kind[string]
	numbers *writequeue.Kind[int]
}

func open(t *testing.T, disk *disk, db *database) *rig {
	t.Helper()
	r := &rig{Queue: writequeue.New(disk, slog.New(slog.DiscardHandler)), t: t}
	r.words = writequeue.Register(r.Queue, "word", func(_ context.Context, word string) error { return db.take(word) })
	r.numbers = writequeue.Register(r.Queue, "number", func(_ context.Context, n int) error { return db.take(n) })
	return r
}

func (r *rig) write(word string, number int) {
	r.t.Helper()
	if err := r.words.Write(r.t.Context(), word); err != nil {
		r.t.Error(err)
	}
	if err := r.numbers.Write(r.t.Context(), number); err != nil {
		r.t.Error(err)
	}
}

// run lets the queue store what waits, in a bubble.
func (r *rig) run() {
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	<-time.After(2 * time.Second)
	cancel()
	if err := <-done; err != nil {
		r.t.Error(err)
	}
}

func TestWritesWaitInOrderAcrossARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk, db := &disk{}, &database{}
		r := open(t, disk, db)
		r.write("before", 0)
		db.away = true
		r.write("a", 1)
		db.away = false
		r.write("b", 2) // behind those that wait
		if len(db.stored) != 2 || len(disk.writes) != 4 || r.Len() != 4 {
			t.Fatalf("stored %v, %d on disk, %d wait", db.stored, len(disk.writes), r.Len())
		}
		r = open(t, disk, db)
		for place, word := range r.words.Waiting() {
			if want := map[uint64]string{1: "a", 3: "b"}[place]; word != want {
				t.Errorf("place %d has %q, want %q", place, word, want)
			}
		}
		r.run()
		if want := []any{"before", 0, "a", 1, "b", 2}; !slices.Equal(db.stored, want) {
			t.Errorf("stored %v, want %v", db.stored, want)
		}
		if len(disk.writes) != 0 || r.Len() != 0 {
			t.Errorf("%d are left on disk, %d in memory", len(disk.writes), r.Len())
		}
	})
}

func TestAFullDiskLeavesWritesInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk, db := &disk{full: true}, &database{away: true}
		r := open(t, disk, db)
		r.write("a", 1)
		db.away = false
		r.run()
		if want := []any{"a", 1}; !slices.Equal(db.stored, want) {
			t.Errorf("stored %v, want %v", db.stored, want)
		}
	})
}

func TestWhatCannotBeStoredHoldsUpNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk, db := &disk{}, &database{}
		disk.writes = []kept{{1, "of another version", []byte(`{}`)}, {2, "number", []byte(`"no number"`)}}
		disk.last = 2
		db.away = true
		r := open(t, disk, db)
		r.write("bad", 1)
		db.away = false
		r.run()
		if want := []any{1}; !slices.Equal(db.stored, want) || r.Len() != 0 {
			t.Errorf("stored %v, want %v; %d wait", db.stored, want, r.Len())
		}
		if len(disk.writes) != 1 || disk.writes[0].number != 2 { // a person may look at it
			t.Errorf("on disk are %v", disk.writes)
		}
	})
}

func TestARefusalIsTheSendersAtOnce(t *testing.T) {
	t.Parallel()
	r := open(t, &disk{}, &database{})
	if err := r.words.Write(t.Context(), "bad"); syncer.CodeOf(err) != syncer.CodeInvalid || r.Len() != 0 {
		t.Errorf("%v, %d wait", err, r.Len())
	}
}
