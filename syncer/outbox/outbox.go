package outbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Errors of the file itself, to be tested with errors.Is.
var (
	// ErrLocked says that another process has the file open.
	ErrLocked = errors.New("another process has it open")
	// ErrCorrupt says that the file, or a record in it, is not as it was written.
	ErrCorrupt = errors.New("damaged data")
)

// Top-level buckets and their content.
var (
	bucketMeta    = []byte("meta")    // "format"; "bans": which list is current
	bucketBatches = []byte("batches") // sequence (8 bytes) and id (16 bytes) → sealed JSON
	bucketIDs     = []byte("ids")     // id → key in batches or refused
	bucketRefused = []byte("refused") // key as in batches → JSON of a Refusal
	bucketBans    = []byte("bans")    // generation (8 bytes) → bucket of one list

	// buckets are those of each file; bucketShown comes when it is needed.
	buckets = [][]byte{bucketMeta, bucketBatches, bucketIDs, bucketRefused, bucketBans, bucketWrites}

	keyFormat = []byte("format")
)

// format is raised when an older program could not read the file.
const format = "1"

// lockTimeout is how long to wait for the file's lock: bbolt tries once and gives up.
const lockTimeout = time.Millisecond

// Outbox is an open file. Use [Open].
type Outbox struct {
	path    string
	db      *bbolt.DB
	pending atomic.Int64
	refused atomic.Int64
	saving  sync.Mutex // held while a list is saved
}

// Open opens the file, or creates it with its directory. Neither is accessible to
// other users: the file holds usids, which prove identities. It fails with [ErrLocked] at
// once if another process has the file open, and with [ErrCorrupt] if it is damaged.
func Open(path string) (*Outbox, error) {
	o := &Outbox{path: path}
	if err := o.open(); err != nil {
		if o.db != nil {
			err = errors.Join(err, o.db.Close())
		}
		if errors.Is(err, ErrCorrupt) {
			err = fmt.Errorf("%w; move the file away to begin anew, without the saves that it holds", err)
		}
		return nil, fmt.Errorf("open outbox %s: %w", path, err)
	}
	return o, nil
}

func (o *Outbox) open() error {
	if err := os.MkdirAll(filepath.Dir(o.path), 0o700); err != nil {
		return err
	}
	info, err := os.Stat(o.path)
	if err == nil && info.Size() == 0 { // bbolt would take it for a new one
		return fmt.Errorf("%w: the file is empty", ErrCorrupt)
	}
	if errors.Is(err, os.ErrNotExist) {
		if err := o.create(); err != nil {
			return err
		}
	}
	if err := o.openDatabase(); err != nil {
		return err
	}
	if err := os.Chmod(o.path, 0o600); err != nil {
		return err
	}
	return o.guard(func() error {
		if err := o.db.View(verify); err != nil {
			return err
		}
		return o.db.Update(o.prepare)
	})
}

// create makes the file under another name and gives it its own once it is complete: whoever
// is killed meanwhile leaves no empty file. If another process was first, that one's stays.
func (o *Outbox) create() error {
	fresh := &Outbox{path: fmt.Sprintf("%s.%d.new", o.path, os.Getpid())}
	if err := fresh.openDatabase(); err != nil {
		return err
	}
	defer func() { _ = os.Remove(fresh.path) }()
	if err := errors.Join(fresh.db.Update(fresh.prepare), fresh.db.Close()); err != nil {
		return err
	}
	if err := os.Link(fresh.path, o.path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDirectory(filepath.Dir(o.path))
}

func (o *Outbox) openDatabase() error {
	err := o.guard(func() (err error) {
		o.db, err = bbolt.Open(o.path, 0o600, &bbolt.Options{
			Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType,
		})
		return err
	})
	_, system := errors.AsType[syscall.Errno](err)
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return ErrLocked
	case err != nil && !system && !errors.Is(err, ErrCorrupt):
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	default:
		return err
	}
}

// prepare creates missing buckets, drops lists of bans whose saving was interrupted
// and counts the batches.
func (o *Outbox) prepare(tx *bbolt.Tx) error {
	for _, name := range buckets {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return fmt.Errorf("create bucket %s: %w", name, err)
		}
	}
	meta := tx.Bucket(bucketMeta)
	switch found := meta.Get(keyFormat); {
	case found == nil:
		if err := meta.Put(keyFormat, []byte(format)); err != nil {
			return err
		}
	case string(found) != format:
		return fmt.Errorf("the file has format %q, this program reads %q", found, format)
	}
	o.pending.Store(int64(tx.Bucket(bucketBatches).Stats().KeyN))
	o.refused.Store(int64(tx.Bucket(bucketRefused).Stats().KeyN))
	if err := dropOtherLists(tx); !errors.Is(err, ErrCorrupt) {
		return err
	}
	return nil // saves do not depend on the bans; LoadBans reports it
}

// Close waits for calls in progress and releases the file. Later calls fail;
// closing twice is harmless.
func (o *Outbox) Close() error {
	if err := o.db.Close(); err != nil {
		return fmt.Errorf("close outbox %s: %w", o.path, err)
	}
	return nil
}

// update runs do in one transaction that is on disk when update returns.
func (o *Outbox) update(verb string, do func(*bbolt.Tx) error) error {
	return o.named(verb, o.guard(func() error { return o.db.Update(do) }))
}

// view runs do in a transaction that only reads.
func (o *Outbox) view(verb string, do func(*bbolt.Tx) error) error {
	return o.named(verb, o.guard(func() error { return o.db.View(do) }))
}

func (o *Outbox) named(verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s outbox %s: %w", verb, o.path, err)
}

// guard turns into errors what bbolt does on a damaged file: a panic, or an access to
// mapped memory beyond the end of the file.
func (o *Outbox) guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, fault)
		}
	}()
	return do()
}

// syncDirectory makes the name of a new file durable, where the system can.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// bigEndian returns n as a key that sorts like the number.
func bigEndian(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
