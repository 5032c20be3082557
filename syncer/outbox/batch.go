package outbox

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// storedBatch is the JSON form of a [merge.Batch].
type storedBatch struct {
	ID      string                         `json:"id"` // hexadecimal
	Edits   map[syncer.PlayerID]merge.Edit `json:"edits"`
	Known   map[syncer.PlayerID]merge.Edit `json:"known,omitempty"`
	Servers map[syncer.PlayerID]string     `json:"servers,omitempty"`
}

// Refusal is a batch that was set aside.
type Refusal struct {
	ID     string          `json:"id"` // hexadecimal
	Reason string          `json:"reason"`
	At     time.Time       `json:"at"`              // local clock
	Batch  json.RawMessage `json:"batch,omitempty"` // as it was added
	Raw    []byte          `json:"raw,omitempty"`   // instead of Batch where that cannot be read
}

// Add stores a batch; it is on disk when Add returns nil. A batch whose id is
// already here, also among the refused, is not stored again.
func (o *Outbox) Add(b merge.Batch) error {
	record, err := encodeBatch(b)
	if err != nil {
		return o.named("add batch to", err)
	}
	added := false
	err = o.update("add batch to", func(tx *bbolt.Tx) error {
		batches, ids := tx.Bucket(bucketBatches), tx.Bucket(bucketIDs)
		if ids.Get(b.ID[:]) != nil {
			return nil
		}
		sequence, err := batches.NextSequence()
		if err != nil {
			return err
		}
		key := append(bigEndian(sequence), b.ID[:]...)
		added = true
		return errors.Join(batches.Put(key, record), ids.Put(b.ID[:], key))
	})
	if err == nil && added {
		o.pending.Add(1)
	}
	return err
}

// Pending yields the batches in the order they were added, including those added
// meanwhile. A record that cannot be read is set aside and yielded as an error
// that wraps [ErrCorrupt]; the next ones follow. Any other error ends the sequence,
// as does the end of ctx, with its error. No transaction is open while a batch is
// handled, so [Outbox.Remove] may be called.
func (o *Outbox) Pending(ctx context.Context) iter.Seq2[merge.Batch, error] {
	return func(yield func(merge.Batch, error) bool) {
		var key, record []byte
		for {
			err := ctx.Err()
			if err == nil {
				key, record, err = o.after(key)
			}
			if err != nil {
				yield(merge.Batch{}, o.named("read", err))
				return
			}
			if key == nil {
				return
			}
			batch, err := decodeBatch(key, record)
			if err != nil {
				verb := fmt.Sprintf("set batch %x aside in", idOf(key))
				err = errors.Join(o.named(verb, err), o.refuse(key, err.Error()))
			}
			if !yield(batch, err) {
				return
			}
		}
	}
}

// after returns copies of the first record behind key, nil if there is none.
func (o *Outbox) after(key []byte) (next, record []byte, err error) {
	err = o.guard(func() error {
		return o.db.View(func(tx *bbolt.Tx) error {
			cursor := tx.Bucket(bucketBatches).Cursor()
			found, value := cursor.Seek(key)
			if found != nil && bytes.Equal(found, key) {
				found, value = cursor.Next()
			}
			next, record = bytes.Clone(found), bytes.Clone(value)
			return nil
		})
	})
	return next, record, err
}

// encodeBatch returns the record of a batch.
func encodeBatch(b merge.Batch) ([]byte, error) {
	data, err := json.Marshal(storedBatch{
		ID: hex.EncodeToString(b.ID[:]), Edits: b.Edits, Known: b.Known, Servers: b.Servers,
	})
	return seal(data), err
}

func decodeBatch(key, record []byte) (merge.Batch, error) {
	data, err := unseal(record)
	if err != nil {
		return merge.Batch{}, err
	}
	var stored storedBatch
	if err := json.Unmarshal(data, &stored); err != nil {
		return merge.Batch{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	b := merge.Batch{Edits: stored.Edits, Known: stored.Known, Servers: stored.Servers}
	if copy(b.ID[:], idOf(key)) != len(b.ID) || hex.EncodeToString(b.ID[:]) != stored.ID {
		return merge.Batch{}, fmt.Errorf("%w: the record holds another id", ErrCorrupt)
	}
	return b, nil
}

// idOf returns the id in a key of the batches.
func idOf(key []byte) []byte { return key[min(8, len(key)):] }

// Remove forgets a batch that the database has stored. An id that is not pending
// is no error.
func (o *Outbox) Remove(id [16]byte) error {
	removed := false
	err := o.update("remove batch from", func(tx *bbolt.Tx) error {
		batches, ids := tx.Bucket(bucketBatches), tx.Bucket(bucketIDs)
		key := bytes.Clone(ids.Get(id[:]))
		if key == nil || batches.Get(key) == nil {
			return nil
		}
		removed = true
		return errors.Join(batches.Delete(key), ids.Delete(id[:]))
	})
	if err == nil && removed {
		o.pending.Add(-1)
	}
	return err
}

// Replace puts parts of a batch in its place in the order, in one step. An id that is not
// pending is no error, and nothing is replaced.
func (o *Outbox) Replace(id [16]byte, parts []merge.Batch) error {
	const verb = "part batch in"
	records := make([][]byte, len(parts))
	for i, part := range parts {
		var err error
		if records[i], err = encodeBatch(part); err != nil {
			return o.named(verb, err)
		}
	}
	replaced := false
	err := o.update(verb, func(tx *bbolt.Tx) error {
		batches, ids := tx.Bucket(bucketBatches), tx.Bucket(bucketIDs)
		key := bytes.Clone(ids.Get(id[:]))
		if key == nil || batches.Get(key) == nil {
			return nil
		}
		replaced = true
		errs := []error{batches.Delete(key), ids.Delete(id[:])}
		for i, part := range parts {
			partKey := slices.Concat(key[:8], part.ID[:])
			errs = append(errs, batches.Put(partKey, records[i]), ids.Put(part.ID[:], partKey))
		}
		return errors.Join(errs...)
	})
	if err == nil && replaced {
		o.pending.Add(int64(len(parts)) - 1)
	}
	return err
}

// Refuse sets a batch aside that the database will never take. It is no longer
// pending, but kept with the reason. An id that is not pending is no error.
func (o *Outbox) Refuse(id [16]byte, reason string) error {
	var key []byte
	err := o.view("refuse batch in", func(tx *bbolt.Tx) error {
		key = bytes.Clone(tx.Bucket(bucketIDs).Get(id[:]))
		return nil
	})
	if err != nil || key == nil {
		return err
	}
	return o.refuse(key, reason)
}

// refuse moves the record under key, if it is still there.
func (o *Outbox) refuse(key []byte, reason string) error {
	moved := false
	err := o.update("refuse batch in", func(tx *bbolt.Tx) error {
		batches := tx.Bucket(bucketBatches)
		record := batches.Get(key)
		if record == nil {
			return nil
		}
		refusal := Refusal{ID: hex.EncodeToString(idOf(key)), Reason: reason, At: time.Now().UTC()}
		if data, err := unseal(record); err == nil && json.Valid(data) {
			refusal.Batch = data
		} else {
			refusal.Raw = record
		}
		value, err := json.Marshal(refusal)
		if err != nil {
			return err
		}
		moved = true
		return errors.Join(tx.Bucket(bucketRefused).Put(key, value), batches.Delete(key))
	})
	if err == nil && moved {
		o.pending.Add(-1)
		o.refused.Add(1)
	}
	return err
}

// Len returns how many batches are pending.
func (o *Outbox) Len() int { return int(o.pending.Load()) }

// Refused returns how many batches were set aside, since the file was made.
func (o *Outbox) Refused() int { return int(o.refused.Load()) }

// Refusals returns what was set aside, oldest batch first.
func (o *Outbox) Refusals() ([]Refusal, error) {
	var all []Refusal
	err := o.view("read refused batches of", func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketRefused).ForEach(func(key, value []byte) error {
			var refusal Refusal
			if err := json.Unmarshal(value, &refusal); err != nil {
				refusal = Refusal{
					ID: hex.EncodeToString(idOf(key)), Reason: ErrCorrupt.Error(), Raw: bytes.Clone(value),
				}
			}
			all = append(all, refusal)
			return nil
		})
	})
	return all, err
}
