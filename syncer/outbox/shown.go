package outbox

import (
	"bytes"
	"errors"

	"go.etcd.io/bbolt"
)

// What game servers were shown: records whose form is the sidecar's business. They
// are written behind, so after a crash they may be older than what the database
// holds; a mark tells whether the last session ended in order.
var (
	bucketShown = []byte("shown")
	keyInOrder  = []byte("shown in order") // in meta; there only between two sessions
)

// SaveShown stores records by key and deletes those that are gone, in one step.
// Last says that nothing will follow in this session.
func (o *Outbox) SaveShown(set map[string][]byte, gone []string, last bool) error {
	return o.update("save shown states in", func(tx *bbolt.Tx) error {
		shown, err := tx.CreateBucketIfNotExists(bucketShown)
		if err != nil {
			return err
		}
		for key, record := range set {
			if err := shown.Put([]byte(key), seal(record)); err != nil {
				return err
			}
		}
		for _, key := range gone {
			if err := shown.Delete([]byte(key)); err != nil {
				return err
			}
		}
		if last {
			return tx.Bucket(bucketMeta).Put(keyInOrder, []byte{})
		}
		return nil
	})
}

// LoadShown hands out all records and begins a session. It reports whether the last
// one ended in order, so that the records are the latest. Those that are damaged are
// left out: then the error wraps [ErrCorrupt] and the rest was handed out.
func (o *Outbox) LoadShown(keep func(key string, record []byte)) (inOrder bool, err error) {
	var damaged error
	err = o.update("load shown states of", func(tx *bbolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		inOrder = meta.Get(keyInOrder) != nil
		if err := meta.Delete(keyInOrder); err != nil {
			return err
		}
		shown := tx.Bucket(bucketShown)
		if shown == nil {
			return nil
		}
		return shown.ForEach(func(key, record []byte) error {
			if data, err := unseal(record); err != nil {
				damaged = err
			} else {
				keep(string(key), bytes.Clone(data))
			}
			return nil
		})
	})
	return inOrder, errors.Join(err, o.named("load shown states of", damaged))
}
