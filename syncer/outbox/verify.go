package outbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"go.etcd.io/bbolt"
)

// verify reads the whole file, so that a damaged structure shows when it is opened and not in
// the middle of work. bbolt itself looks at a page when it needs it. Records that were damaged
// in a sound structure are left to those who read them.
//
//	a page leads nowhere, or to itself          bbolt would fail or never end
//	a page in use is listed as free             the next write would destroy it
//	a key cannot be found, or is out of order   the structure is damaged
//	a batch without its id, an id without one   entries are lost
//	a number is higher than the last one given  the next entry would replace another
//	a block of a list of bans is missing        entries are lost
func verify(tx *bbolt.Tx) error {
	for _, part := range []func(*bbolt.Tx) error{
		verifyPages, verifyNames, verifyEntries, verifyBatches, verifyNumbers, verifyLists,
	} {
		if err := part(tx); err != nil {
			return err
		}
	}
	return nil
}

// verifyNames checks that all buckets are there, and no others.
func verifyNames(tx *bbolt.Tx) error {
	for _, name := range buckets {
		if tx.Bucket(name) == nil {
			return fmt.Errorf("%w: %s is missing", ErrCorrupt, name)
		}
	}
	known := slices.Concat(buckets, [][]byte{bucketShown})
	return tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
		if !slices.ContainsFunc(known, func(k []byte) bool { return bytes.Equal(k, name) }) {
			return fmt.Errorf("%w: nothing is called %q", ErrCorrupt, name)
		}
		return nil
	})
}

func verifyEntries(tx *bbolt.Tx) error {
	return tx.ForEach(func(_ []byte, bucket *bbolt.Bucket) error { return verifyBucket(bucket) })
}

// verifyBucket checks that each key is found where it is, and reads each value.
func verifyBucket(bucket *bbolt.Bucket) error {
	var last []byte
	cursor, search := bucket.Cursor(), bucket.Cursor()
	for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
		if found, _ := search.Seek(key); !bytes.Equal(found, key) || last != nil && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("%w: an entry is not in its place", ErrCorrupt)
		}
		last = key
		if value != nil {
			_ = crc32.Checksum(value, castagnoli) // fails if it lies beyond the file's end
			continue
		}
		inner := bucket.Bucket(key)
		if inner == nil {
			return fmt.Errorf("%w: an entry without a value", ErrCorrupt)
		}
		if err := verifyBucket(inner); err != nil {
			return err
		}
	}
	return nil
}

// verifyBatches checks that batches and ids name each other.
func verifyBatches(tx *bbolt.Tx) error {
	batches, ids, refused := tx.Bucket(bucketBatches), tx.Bucket(bucketIDs), tx.Bucket(bucketRefused)
	err := batches.ForEach(func(key, _ []byte) error {
		if !bytes.Equal(ids.Get(idOf(key)), key) {
			return fmt.Errorf("%w: no id leads to save %x", ErrCorrupt, key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return ids.ForEach(func(id, key []byte) error {
		if batches.Get(key) == nil && refused.Get(key) == nil {
			return fmt.Errorf("%w: save %x is missing", ErrCorrupt, id)
		}
		return nil
	})
}

// verifyNumbers checks that what is numbered has numbers that were given.
func verifyNumbers(tx *bbolt.Tx) error {
	for _, name := range [][]byte{bucketBatches, bucketWrites, bucketBans} {
		bucket := tx.Bucket(name)
		last, _ := bucket.Cursor().Last()
		if last != nil && (len(last) < 8 || binary.BigEndian.Uint64(last) > bucket.Sequence()) {
			return fmt.Errorf("%w: the numbers of %s", ErrCorrupt, name)
		}
	}
	return nil
}

// verifyLists checks that each list of bans has all its parts.
func verifyLists(tx *bbolt.Tx) error {
	lists := tx.Bucket(bucketBans)
	return lists.ForEach(func(generation, _ []byte) error {
		list := lists.Bucket(generation)
		if list == nil || list.Bucket(bucketBlocks) == nil || list.Bucket(bucketChanges) == nil {
			return fmt.Errorf("%w: a list of bans is incomplete", ErrCorrupt)
		}
		blocks := list.Bucket(bucketBlocks)
		if uint64(blocks.Stats().KeyN) != blocks.Sequence() {
			return fmt.Errorf("%w: a part of a list of bans is missing", ErrCorrupt)
		}
		return nil
	})
}
