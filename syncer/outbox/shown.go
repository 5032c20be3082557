package outbox

import (
	"bytes"
	"errors"

	"go.etcd.io/bbolt"
)

// What game servers were shown: records whose form only the sidecar knows. They are
// written some time after the fact, so after a crash they may be older than the
// database's rows; a key tells whether the last shutdown was clean.
var (
	bucketShown      = []byte("shown")
	keyCleanShutdown = []byte("shown in order") // in meta; present only between two sessions
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
			return tx.Bucket(bucketMeta).Put(keyCleanShutdown, []byte{})
		}
		return nil
	})
}

// LoadShown calls keep for every record and begins a session. It reports whether the
// last shutdown was clean, so that the records are the latest. Damaged records are left
// out: then the error wraps [ErrCorrupt], and keep was called for the rest.
func (o *Outbox) LoadShown(keep func(key string, record []byte)) (clean bool, err error) {
	var damaged error
	err = o.update("load shown states of", func(tx *bbolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		clean = meta.Get(keyCleanShutdown) != nil
		if err := meta.Delete(keyCleanShutdown); err != nil {
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
	return clean, errors.Join(err, o.named("load shown states of", damaged))
}
