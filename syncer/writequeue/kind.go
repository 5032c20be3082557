package writequeue

import (
	"context"
	"encoding/json"
	"iter"
	"slices"

	"playersync/syncer"
)

// Kind is one kind of write. T is what is stored, and has a JSON form that survives
// a restart. It is safe for concurrent use.
type Kind[T any] struct {
	queue *Queue
	name  string
	store func(context.Context, T) error
}

// Register adds a kind of write to the queue under a name that does not change, since
// it is on disk. Store puts one value into the database; it may be called again with
// the same value.
func Register[T any](q *Queue, name string, store func(context.Context, T) error) *Kind[T] {
	k := &Kind[T]{queue: q, name: name, store: store}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(slices.Clone(q.waiting), func(w write) bool {
		return w.kind == name && !k.canRead(w.payload)
	})
	for i, w := range q.waiting {
		if w.kind == name {
			var value T
			_ = json.Unmarshal(w.payload, &value) // canRead has tried
			q.waiting[i] = k.write(value, w.number, w.place)
		}
	}
	return k
}

// canRead reports whether a payload from disk has the form of T, and logs if not.
func (k *Kind[T]) canRead(payload []byte) bool {
	err := json.Unmarshal(payload, new(T))
	if err != nil {
		k.queue.log.Error("cannot read all small writes that waited on disk", "kind", k.name, "error", err)
	}
	return err == nil
}

func (k *Kind[T]) write(value T, number, place uint64) write {
	return write{
		number: number, place: place, kind: k.name, value: value,
		store: func(ctx context.Context) error { return k.store(ctx, value) },
	}
}

// Write stores a value, or lets it wait behind those that do. The error is one that
// waiting does not help.
func (k *Kind[T]) Write(ctx context.Context, value T) error {
	_, err := k.WriteBy(ctx, value, func(ctx context.Context) error { return k.store(ctx, value) })
	return err
}

// WriteBy is Write for who wants what the database returns: do stores the value unless
// it has to wait.
func (k *Kind[T]) WriteBy(ctx context.Context, value T, do func(context.Context) error) (waits bool, err error) {
	q := k.queue
	ctx = context.WithoutCancel(ctx) // the sender may be gone, what it sent is not
	q.writing.Lock()
	defer q.writing.Unlock()
	if q.Len() == 0 {
		err := do(ctx)
		if err == nil || !syncer.IsAway(err) {
			return false, err
		}
		q.log.Warn("cannot store a small write; it waits on disk", "error", err)
	}
	number, err := k.keep(value)
	if err != nil {
		q.log.Error("cannot keep a small write on disk; it is in memory only", "error", err)
	}
	q.append(k.write(value, number, 0))
	return true, nil
}

// keep puts a value on disk.
func (k *Kind[T]) keep(value T) (number uint64, err error) {
	payload, err := json.Marshal(value)
	if err != nil {
		return 0, err
	}
	return k.queue.disk.AddWrite(k.name, payload)
}

// Waiting returns the values of this kind that wait, oldest first, each with its place
// in the queue: whatever came later, of any kind, has a higher one. Values are shared.
func (k *Kind[T]) Waiting() iter.Seq2[uint64, T] {
	waiting := k.queue.pending()
	return func(yield func(place uint64, value T) bool) {
		for _, w := range waiting {
			if w.kind == k.name && !yield(w.place, w.value.(T)) {
				return
			}
		}
	}
}
