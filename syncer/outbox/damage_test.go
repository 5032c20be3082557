package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/outbox"
)

// fillWithEverything returns the content of a file that has something of each kind.
func fillWithEverything(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := open(t, path)
	must(t, o.SaveBans(bans(25, 1)))
	must(t, o.UpdateBans([]syncer.ActiveBan{ban(24, 2)}, nil))
	for n := range 5 {
		must(t, o.Add(batch(n)))
	}
	must(t, o.Refuse(batch(0).ID, "of no use"))
	_, err := o.AddWrite("visit", []byte("{}"))
	must(t, err)
	must(t, o.SaveShown(map[string][]byte{"Steve": []byte("shown")}, nil, true))
	must(t, o.Close())
	content, err := os.ReadFile(path)
	must(t, err)
	return content
}

// Wherever a byte of the file is another one, it is refused by its name when it is opened, or
// all that is done with it goes on, and each save is had or named as lost.
func TestEachByteMayBeDamaged(t *testing.T) {
	t.Parallel()
	content := fillWithEverything(t)
	directory := t.TempDir()
	var places []int
	for at, b := range content {
		if b != 0 || at%os.Getpagesize() < 64 {
			places = append(places, at)
		}
	}
	const tries = 250
	for try := range tries {
		at := places[try*len(places)/tries]
		for _, other := range []byte{content[at] ^ 0x42, 0} {
			damaged := append([]byte(nil), content...)
			damaged[at] = other
			path := filepath.Join(directory, fmt.Sprintf("%d-%d.db", at, other))
			must(t, os.WriteFile(path, damaged, 0o600))
			if err := useAll(t.Context(), path); err != nil {
				t.Errorf("byte %d is %#x in place of %#x: %v", at, other, content[at], err)
			}
		}
	}
}

// useAll opens a file that may be damaged and does what a sidecar does. It returns what goes
// wrong after the file was opened.
func useAll(ctx context.Context, path string) error {
	o, err := outbox.Open(path)
	if err != nil {
		if !strings.Contains(err.Error(), path) {
			return fmt.Errorf("refused without its name: %w", err)
		}
		return nil
	}
	defer func() { _ = o.Close() }()
	if _, _, err := o.LoadBans(); err != nil && !errors.Is(err, outbox.ErrCorrupt) {
		return err
	}
	if _, err := o.LoadShown(func(string, []byte) {}); err != nil && !errors.Is(err, outbox.ErrCorrupt) {
		return err
	}
	if err := o.LoadWrites(func(uint64, string, []byte) {}); err != nil && !errors.Is(err, outbox.ErrCorrupt) {
		return err
	}
	had := 0
	for b, err := range o.Pending(ctx) {
		if err == nil {
			err = o.Remove(b.ID)
			had++
		} else if errors.Is(err, outbox.ErrCorrupt) && o.Refused() > 1 {
			err = nil // set aside
			had++
		}
		if err != nil {
			return err
		}
	}
	if had != 4 || o.Len() != 0 {
		return fmt.Errorf("%d saves of 4 were had, and %d wait", had, o.Len())
	}
	return errors.Join(
		o.Add(batch(9)), o.Remove(batch(9).ID), o.SaveBans(bans(30, 2)),
		o.SaveShown(map[string][]byte{"Alex": []byte("shown")}, []string{"Steve"}, false), o.RemoveWrite(1),
	)
}
