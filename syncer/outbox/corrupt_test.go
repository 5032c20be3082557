package outbox_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/outbox"
)

// tamper changes one value in the closed file.
func tamper(t *testing.T, path string, buckets []string, change func(value []byte) []byte) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(buckets[0]))
		for _, name := range buckets[1:] {
			if name == "*" {
				first, _ := bucket.Cursor().First()
				name = string(first)
			}
			bucket = bucket.Bucket([]byte(name))
		}
		key, value := bucket.Cursor().First()
		return bucket.Put(key, change(bytes.Clone(value)))
	}))
	must(t, db.Close())
}

// damages are ways in which a record may come back from a disk.
var damages = map[string]func([]byte) []byte{
	"a flipped bit":     func(v []byte) []byte { v[len(v)/2] ^= 4; return v },
	"cut short":         func(v []byte) []byte { return v[:len(v)-1] },
	"shorter than that": func([]byte) []byte { return []byte{1} },
	"empty":             func([]byte) []byte { return nil },
}

func TestDamagedBatchIsSetAside(t *testing.T) {
	t.Parallel()
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "outbox.db")
			o := open(t, path)
			for n := range 3 {
				must(t, o.Add(batch(n)))
			}
			must(t, o.Close())
			tamper(t, path, []string{"batches"}, damage)

			o = open(t, path)
			var good []merge.Batch
			var bad error
			for b, err := range o.Pending(t.Context()) {
				if err != nil {
					bad = errors.Join(bad, err)
					continue
				}
				good = append(good, b)
			}
			id := batch(0).ID
			if !errors.Is(bad, outbox.ErrCorrupt) || !strings.Contains(bad.Error(), path) ||
				!strings.Contains(bad.Error(), hex.EncodeToString(id[:])) {
				t.Fatalf("got %v, want ErrCorrupt with path and id", bad)
			}
			if len(good) != 2 || o.Refused() != 1 {
				t.Fatalf("%d good, %d refused; want 2 and 1", len(good), o.Refused())
			}
			wantBatches(t, o, 1, 2)
			refusals, err := o.Refusals()
			must(t, err)
			if refusals[0].ID != hex.EncodeToString(id[:]) || !strings.Contains(refusals[0].Reason, "damaged") {
				t.Fatalf("got %+v", refusals[0])
			}
		})
	}
}

func TestDamagedBansLeaveTheRest(t *testing.T) {
	t.Parallel()
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "outbox.db")
			o := open(t, path)
			must(t, o.SaveBans(bans(25_000, 1)))
			must(t, o.UpdateBans([]syncer.ActiveBan{ban(24_999, 2)}, nil))
			must(t, o.Close())
			tamper(t, path, []string{"bans", "*", "blocks"}, damage)

			o = open(t, path)
			list, savedAt, err := o.LoadBans()
			if !errors.Is(err, outbox.ErrCorrupt) || !strings.Contains(err.Error(), path) || savedAt.IsZero() {
				t.Fatalf("got %v of %v, want ErrCorrupt with the path", err, savedAt)
			}
			count := 0
			for range list {
				count++
			}
			if count != 15_000 {
				t.Fatalf("%d bans are left, want 15000", count)
			}
			must(t, o.SaveBans(bans(3, 4)))
			wantBans(t, o, bans(3, 4))
		})
	}
}

func TestDamagedChangeOfABan(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := open(t, path)
	must(t, o.SaveBans(bans(4, 1)))
	must(t, o.UpdateBans(nil, []syncer.Target{ban(2, 0).Target}))
	must(t, o.Close())
	tamper(t, path, []string{"bans", "*", "changes"}, damages["a flipped bit"])
	list, _, err := open(t, path).LoadBans()
	count := 0
	for range list {
		count++
	}
	if !errors.Is(err, outbox.ErrCorrupt) || count != 4 {
		t.Fatalf("got %v and %d bans, want ErrCorrupt and the list without the change", err, count)
	}
}

func TestDamagedListPointerDoesNotStopSaves(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := open(t, path)
	must(t, o.Add(batch(0)))
	must(t, o.SaveBans(bans(4, 1)))
	must(t, o.Close())
	tamper(t, path, []string{"meta"}, damages["a flipped bit"]) // "bans" sorts before "format"

	o = open(t, path)
	wantBatches(t, o, 0)
	if _, _, err := o.LoadBans(); !errors.Is(err, outbox.ErrCorrupt) {
		t.Fatalf("got %v, want ErrCorrupt", err)
	}
	must(t, o.SaveBans(bans(5, 2)))
	wantBans(t, o, bans(5, 2))
}

func TestDamagedFile(t *testing.T) {
	t.Parallel()
	fill := func(t *testing.T) (path string, content []byte) {
		t.Helper()
		path = filepath.Join(t.TempDir(), "outbox.db")
		o := open(t, path)
		must(t, o.SaveBans(bans(25_000, 1)))
		must(t, o.Add(batch(0)))
		must(t, o.Close())
		content, err := os.ReadFile(path)
		must(t, err)
		return path, content
	}
	page := os.Getpagesize()
	for name, damage := range map[string]func([]byte) []byte{
		"no database":     func([]byte) []byte { return bytes.Repeat([]byte("not a database "), 5000) },
		"cut in the head": func(c []byte) []byte { return c[:page+7] },
		"cut behind it":   func(c []byte) []byte { return c[:2*page] },
		"zeroed behind":   func(c []byte) []byte { clear(c[2*page:]); return c },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, content := fill(t)
			damaged := damage(content)
			must(t, os.WriteFile(path, damaged, 0o600))
			_, err := outbox.Open(path)
			if !errors.Is(err, outbox.ErrCorrupt) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v, want ErrCorrupt with the path", err)
			}
			if kept, _ := os.ReadFile(path); len(kept) < page {
				t.Fatal("the damaged file was not kept")
			}
		})
	}
}

func TestFormatOfANewerProgram(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	must(t, open(t, path).Close())
	tamper(t, path, []string{"meta"}, func([]byte) []byte { return binary.AppendUvarint(nil, '2') })
	_, err := outbox.Open(path)
	if err == nil || !strings.Contains(err.Error(), `"2"`) || !strings.Contains(err.Error(), path) {
		t.Fatalf("got %v, want an error naming format and path", err)
	}
}

// A file that lost its content is no new one: the saves that it held would be forgotten
// without a word.
func TestEmptyFileIsNotTakenForANewOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := open(t, path)
	must(t, o.Add(batch(0)))
	must(t, o.Close())
	must(t, os.Truncate(path, 0))
	if _, err := outbox.Open(path); !errors.Is(err, outbox.ErrCorrupt) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want ErrCorrupt with the path", err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(files) != 1 {
		t.Errorf("found %v", files)
	}
}
