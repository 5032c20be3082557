package outbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"playersync/syncer/mindustry"
)

// bucketWaiting holds small writes: number (8 bytes) → sealed JSON.
var bucketWaiting = []byte("waiting")

// AddWaiting keeps a small write until [Outbox.RemoveWaiting] and returns its
// number. It is durable when AddWaiting returns.
func (o *Outbox) AddWaiting(w mindustry.QueuedWrite) (number uint64, err error) {
	err = o.update("write to", func(tx *bbolt.Tx) error {
		data, err := json.Marshal(w)
		if err != nil {
			return err
		}
		bucket := tx.Bucket(bucketWaiting)
		if number, err = bucket.NextSequence(); err != nil {
			return err
		}
		return bucket.Put(bigEndian(number), seal(data))
	})
	return number, err
}

// Waiting returns the small writes that wait, in the order they were added. One
// that cannot be read is left out, and the error says so.
func (o *Outbox) Waiting() (all []mindustry.QueuedWrite, err error) {
	var damaged []error
	err = o.view("read", func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketWaiting).ForEach(func(key, record []byte) error {
			var w mindustry.QueuedWrite
			data, err := unseal(record)
			if err == nil {
				err = json.Unmarshal(data, &w)
			}
			if err != nil || len(key) != 8 {
				damaged = append(damaged, fmt.Errorf("%w: waiting write %x: %w", ErrCorrupt, key, err))
				return nil
			}
			w.Number = binary.BigEndian.Uint64(key)
			all = append(all, w)
			return nil
		})
	})
	return all, errors.Join(err, o.named("read", errors.Join(damaged...)))
}

// RemoveWaiting forgets a small write.
func (o *Outbox) RemoveWaiting(number uint64) error {
	return o.update("write to", func(tx *bbolt.Tx) error { return tx.Bucket(bucketWaiting).Delete(bigEndian(number)) })
}
