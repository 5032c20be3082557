package fish

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
	"playersync/syncer/writequeue"
)

// Blacklist is the addresses from which the game servers accept no connections,
// because they attacked one of them.
type Blacklist struct {
	store   BlacklistStore
	held    Addresses
	applier Applier
	clock   Clock
	edits   *writequeue.Kind[blacklistEdit]
}

// BlacklistStore is what the blacklist needs of the database. Each may be repeated.
type BlacklistStore interface {
	AddBlacklisted(ctx context.Context, addresses []string, by string) ([]changefeed.Change, error)
	RemoveBlacklisted(ctx context.Context, address string) ([]changefeed.Change, error)
}

// Addresses is the copy of all blacklisted addresses in memory.
type Addresses interface {
	Addresses() (sorted []string, known bool)
	Has(address string) bool
}

// blacklistEdit adds addresses to the blacklist or removes them. It may wait on disk.
type blacklistEdit struct {
	Addresses []string `json:"addresses"`
	Listed    bool     `json:"listed"`       // false: remove
	By        string   `json:"by,omitempty"` // who adds
}

// NewBlacklist returns a blacklist that writes through the queue.
func NewBlacklist(
	store BlacklistStore, queue *writequeue.Queue, held Addresses, applier Applier, clock Clock,
) *Blacklist {
	b := &Blacklist{store: store, held: held, applier: applier, clock: clock}
	b.edits = writequeue.Register(queue, "blacklist", b.edit)
	return b
}

// MaxAddresses bounds how many addresses one call may add.
const MaxAddresses = 10_000

// Sync adds addresses and returns all there are then, those just given included,
// each once, sorted. Addresses come back letter for letter. What is added is in the
// database when it returns or, while that is away, on disk. Errors: invalid, and
// then nothing was added; database_unavailable if it is not known yet what else
// there is, but then the given ones were added nevertheless.
func (b *Blacklist) Sync(ctx context.Context, add []string, by string) ([]string, error) {
	if len(add) > MaxAddresses {
		return nil, syncer.Invalid("addresses", "must be at most %d", MaxAddresses)
	}
	for i, address := range add {
		if err := mindustry.CheckBlacklisted(fmt.Sprintf("[%d]", i), address); err != nil {
			return nil, err
		}
	}
	fresh := slices.DeleteFunc(unique(add), func(address string) bool { return b.has(address) })
	if len(fresh) > 0 {
		if err := b.edits.Write(ctx, blacklistEdit{Addresses: fresh, Listed: true, By: by}); err != nil {
			return nil, err
		}
	}
	held, known := b.held.Addresses()
	if !known {
		return nil, syncer.Unavailable(errors.New("the blacklist has not been read yet"))
	}
	all := b.withPending(held)
	if slices.ContainsFunc(add, func(address string) bool { _, in := slices.BinarySearch(all, address); return !in }) {
		all = unique(slices.Concat(all, add)) // another server removed one in this moment
	}
	return all, nil
}

// Remove removes an address; one that is not listed is no error.
func (b *Blacklist) Remove(ctx context.Context, address string) error {
	if err := mindustry.CheckBlacklisted("ip", address); err != nil {
		return err
	}
	if _, known := b.held.Addresses(); known && !b.has(address) && b.clock.Following() {
		return nil // game servers remove the address of everyone they trust, again and again
	}
	return b.edits.Write(ctx, blacklistEdit{Addresses: []string{address}})
}

// edit stores an edit and shows the result to everyone.
func (b *Blacklist) edit(ctx context.Context, edit blacklistEdit) error {
	begun := b.applier.Begin()
	if edit.Listed {
		changes, err := b.store.AddBlacklisted(ctx, edit.Addresses, edit.By)
		b.applier.Wrote(begun, nil, changes)
		return err
	}
	for _, address := range edit.Addresses {
		changes, err := b.store.RemoveBlacklisted(ctx, address)
		b.applier.Wrote(begun, nil, changes)
		if err != nil {
			return err
		}
	}
	return nil
}

// has reports whether an address is listed once everything that waits is stored.
func (b *Blacklist) has(address string) bool {
	listed := b.held.Has(address)
	for _, edit := range b.edits.Waiting() {
		if slices.Contains(edit.Addresses, address) {
			listed = edit.Listed
		}
	}
	return listed
}

// withPending lays what waits to be stored over the addresses held.
func (b *Blacklist) withPending(held []string) []string {
	for _, edit := range b.edits.Waiting() {
		if edit.Listed {
			held = unique(slices.Concat(held, edit.Addresses))
			continue
		}
		held = slices.DeleteFunc(slices.Clone(held), func(address string) bool {
			return slices.Contains(edit.Addresses, address)
		})
	}
	return held
}

// unique returns the addresses sorted and each once, in a slice of its own.
func unique(addresses []string) []string {
	sorted := slices.Sorted(slices.Values(addresses))
	return slices.Compact(sorted)
}
