package outbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// bucketWrites holds small writes that wait: number (8 bytes) → sealed JSON of a
// [smallWrite].
var bucketWrites = []byte("writes")

// smallWrite is one small write on disk.
type smallWrite struct {
	Kind    string          `json:"kind"`
	Payload json.RawMessage `json:"payload"`
}

// AddWrite keeps a small write, whose payload is JSON, until [Outbox.RemoveWrite] and
// returns its number. It is durable when AddWrite returns.
func (o *Outbox) AddWrite(kind string, payload []byte) (number uint64, err error) {
	err = o.update("write to", func(tx *bbolt.Tx) error {
		data, err := json.Marshal(smallWrite{kind, payload})
		if err != nil {
			return err
		}
		bucket := tx.Bucket(bucketWrites)
		if number, err = bucket.NextSequence(); err != nil {
			return err
		}
		return bucket.Put(bigEndian(number), seal(data))
	})
	return number, err
}

// LoadWrites hands out the small writes that wait, in the order they were added. One
// that cannot be read is left out, and the error says so.
func (o *Outbox) LoadWrites(keep func(number uint64, kind string, payload []byte)) error {
	var damaged []error
	err := o.view("read", func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketWrites).ForEach(func(key, record []byte) error {
			var w smallWrite
			data, err := unseal(record)
			if err == nil {
				err = json.Unmarshal(data, &w)
			}
			if err != nil || len(key) != 8 {
				damaged = append(damaged, fmt.Errorf("%w: waiting write %x: %w", ErrCorrupt, key, err))
				return nil
			}
			keep(binary.BigEndian.Uint64(key), w.Kind, w.Payload)
			return nil
		})
	})
	return errors.Join(err, o.named("read", errors.Join(damaged...)))
}

// RemoveWrite forgets a small write.
func (o *Outbox) RemoveWrite(number uint64) error {
	return o.update("write to", func(tx *bbolt.Tx) error { return tx.Bucket(bucketWrites).Delete(bigEndian(number)) })
}
