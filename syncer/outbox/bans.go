package outbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"go.etcd.io/bbolt"

	"playersync/syncer"
)

// A list is one bucket in bucketBans. Its blocks hold the bans of one moment in no
// particular order; its changes hold the newer states of single targets.
var (
	bucketBlocks  = []byte("blocks")  // sequence → sealed bans
	bucketChanges = []byte("changes") // Target.Key → sealed ban, or sealed nothing: no longer banned

	keyBans = []byte("bans") // in bucketMeta
)

// bansPerBlock bounds a transaction: about 400 kB.
const bansPerBlock = 10_000

// currentList is the value of keyBans: which list [Outbox.LoadBans] reads.
type currentList struct {
	Generation uint64    `json:"generation"`
	SavedAt    time.Time `json:"savedAt"` // local clock
}

// SaveBans replaces the list of open bans. It writes a second list and makes it the
// current one at the end: until it returns nil, the old list stays in use, whatever
// happens. Changes that [Outbox.UpdateBans] stores meanwhile go into both lists, so
// open must be no newer than they are. Only one list is saved at a time.
func (o *Outbox) SaveBans(open iter.Seq[syncer.ActiveBan]) error {
	o.saving.Lock()
	defer o.saving.Unlock()
	generation, err := o.createList()
	if err != nil {
		return err
	}
	if err := o.fillList(generation, open); err != nil {
		return errors.Join(err, o.update("drop unfinished bans of", dropOtherLists))
	}
	return o.update("save bans to", func(tx *bbolt.Tx) error {
		err := putCurrentList(tx, currentList{Generation: generation, SavedAt: time.Now().UTC()})
		if err != nil {
			return err
		}
		return dropOtherLists(tx)
	})
}

func (o *Outbox) createList() (generation uint64, err error) {
	err = o.update("save bans to", func(tx *bbolt.Tx) error {
		lists := tx.Bucket(bucketBans)
		var err error
		if generation, err = lists.NextSequence(); err != nil {
			return err
		}
		list, err := lists.CreateBucket(bigEndian(generation))
		if err != nil {
			return err
		}
		_, errBlocks := list.CreateBucket(bucketBlocks)
		_, errChanges := list.CreateBucket(bucketChanges)
		return errors.Join(errBlocks, errChanges)
	})
	return generation, err
}

func (o *Outbox) fillList(generation uint64, open iter.Seq[syncer.ActiveBan]) error {
	var block []byte
	count := 0
	for ban := range open {
		longer, err := appendBan(block, ban)
		if err != nil {
			return o.named("save bans to", err)
		}
		block = longer
		if count++; count%bansPerBlock == 0 {
			if err := o.addBlock(generation, block); err != nil {
				return err
			}
			block = block[:0]
		}
	}
	if len(block) == 0 {
		return nil
	}
	return o.addBlock(generation, block)
}

func (o *Outbox) addBlock(generation uint64, block []byte) error {
	return o.update("save bans to", func(tx *bbolt.Tx) error {
		blocks := tx.Bucket(bucketBans).Bucket(bigEndian(generation)).Bucket(bucketBlocks)
		blocks.FillPercent = 1 // keys only grow
		sequence, err := blocks.NextSequence()
		if err != nil {
			return err
		}
		return blocks.Put(bigEndian(sequence), seal(block))
	})
}

// UpdateBans records targets that were banned or got another expiry, and targets
// that are no longer banned. It is on disk when it returns nil. Before the first list is
// saved there is nothing to update.
func (o *Outbox) UpdateBans(set []syncer.ActiveBan, gone []syncer.Target) error {
	if len(set)+len(gone) == 0 {
		return nil
	}
	return o.update("update bans in", func(tx *bbolt.Tx) error {
		lists := tx.Bucket(bucketBans)
		err := lists.ForEachBucket(func(generation []byte) error {
			return putChanges(lists.Bucket(generation).Bucket(bucketChanges), set, gone)
		})
		if err != nil {
			return err
		}
		current, ok, err := getCurrentList(tx)
		if err != nil || !ok {
			return err
		}
		current.SavedAt = time.Now().UTC()
		return putCurrentList(tx, current)
	})
}

func putChanges(changes *bbolt.Bucket, set []syncer.ActiveBan, gone []syncer.Target) error {
	for _, ban := range set {
		record, err := appendBan(nil, ban)
		if err != nil {
			return err
		}
		if err := changes.Put([]byte(ban.Target.Key()), seal(record)); err != nil {
			return err
		}
	}
	for _, target := range gone {
		if target == (syncer.Target{}) {
			return errNoTarget
		}
		if err := changes.Put([]byte(target.Key()), seal(nil)); err != nil {
			return err
		}
	}
	return nil
}

// LoadBans returns the list of open bans, expired ones included, and when it was
// last brought up to date by the local clock: the zero time, with an empty sequence,
// if none was ever saved. Where parts of the list cannot be read it returns an error
// that wraps [ErrCorrupt] together with the rest, since some bans are better than
// none. The sequence holds the list in memory until it is dropped; it may be ranged
// over repeatedly.
func (o *Outbox) LoadBans() (iter.Seq[syncer.ActiveBan], time.Time, error) {
	var list banList
	var current currentList
	err := o.view("load bans from", func(tx *bbolt.Tx) error {
		var ok bool
		var err error
		if current, ok, err = getCurrentList(tx); err != nil || !ok {
			return err
		}
		bucket := tx.Bucket(bucketBans).Bucket(bigEndian(current.Generation))
		if bucket == nil {
			return fmt.Errorf("%w: the list is missing", ErrCorrupt)
		}
		return list.read(bucket)
	})
	return list.all, current.SavedAt, err
}

// banList is a list copied out of the file.
type banList struct {
	blocks  [][]byte
	changes map[syncer.Target]*syncer.ActiveBan // nil: no longer banned
}

// read fills l with every readable part and reports how many are not.
func (l *banList) read(bucket *bbolt.Bucket) error {
	l.changes = map[syncer.Target]*syncer.ActiveBan{}
	parts, unreadable := 0, 0
	note := func(err error) {
		if parts++; err != nil {
			unreadable++
		}
	}
	errBlocks := bucket.Bucket(bucketBlocks).ForEach(func(_, record []byte) error {
		note(l.readBlock(record))
		return nil
	})
	errChanges := bucket.Bucket(bucketChanges).ForEach(func(key, record []byte) error {
		note(l.readChange(string(key), record))
		return nil
	})
	if unreadable > 0 {
		return fmt.Errorf("%w: %d of %d parts of the list cannot be read", ErrCorrupt, unreadable, parts)
	}
	return errors.Join(errBlocks, errChanges)
}

func (l *banList) readBlock(record []byte) error {
	block, err := unseal(record)
	if err != nil {
		return err
	}
	for rest := block; len(rest) > 0; {
		_, behind, ok := decodeBan(rest)
		if !ok {
			return ErrCorrupt
		}
		rest = behind
	}
	l.blocks = append(l.blocks, bytes.Clone(block))
	return nil
}

func (l *banList) readChange(key string, record []byte) error {
	data, err := unseal(record)
	if err != nil {
		return err
	}
	target, err := syncer.ParseTargetKey(key)
	if err != nil {
		return err
	}
	if len(data) == 0 {
		l.changes[target] = nil
		return nil
	}
	ban, _, ok := decodeBan(data)
	if !ok {
		return ErrCorrupt
	}
	l.changes[target] = &ban
	return nil
}

func (l *banList) all(yield func(syncer.ActiveBan) bool) {
	for _, block := range l.blocks {
		for len(block) > 0 {
			var ban syncer.ActiveBan
			ban, block, _ = decodeBan(block) // readBlock has seen that it can be read
			if _, changed := l.changes[ban.Target]; changed {
				continue
			}
			if !yield(ban) {
				return
			}
		}
	}
	for _, ban := range l.changes {
		if ban != nil && !yield(*ban) {
			return
		}
	}
}

func getCurrentList(tx *bbolt.Tx) (current currentList, ok bool, err error) {
	record := tx.Bucket(bucketMeta).Get(keyBans)
	if record == nil {
		return current, false, nil
	}
	data, err := unseal(record)
	if err != nil {
		return current, false, err
	}
	if err := json.Unmarshal(data, &current); err != nil {
		return current, false, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return current, true, nil
}

func putCurrentList(tx *bbolt.Tx, current currentList) error {
	data, err := json.Marshal(current)
	if err != nil {
		return err
	}
	return tx.Bucket(bucketMeta).Put(keyBans, seal(data))
}

// dropOtherLists deletes every list but the current one.
func dropOtherLists(tx *bbolt.Tx) error {
	current, ok, err := getCurrentList(tx)
	if err != nil {
		return err
	}
	lists := tx.Bucket(bucketBans)
	var others [][]byte
	err = lists.ForEachBucket(func(generation []byte) error {
		if !ok || !bytes.Equal(generation, bigEndian(current.Generation)) {
			others = append(others, bytes.Clone(generation))
		}
		return nil
	})
	for _, generation := range others {
		err = errors.Join(err, lists.DeleteBucket(generation))
	}
	return err
}
