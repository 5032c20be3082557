package sidecar

import (
	"cmp"
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
//
// It is safe for concurrent use.
type Blacklist struct {
	BlacklistReads

	store   BlacklistStore
	held    Addresses
	applier Applier
	clock   Clock
	edits   *writequeue.Kind[blacklistEdit]
}

// BlacklistStore is what the blacklist needs of the database. Each may be repeated.
type BlacklistStore interface {
	BlacklistReads
	AddBlacklisted(ctx context.Context, addresses []string, by string) ([]changefeed.Change, error)
	RemoveBlacklisted(ctx context.Context, address string) ([]changefeed.Change, error)
}

// BlacklistReads are the reads of the blacklist that need no rule of this package; the
// store has them.
type BlacklistReads interface {
	// Blacklisted returns up to size addresses behind one, in the order of their bytes; with a
	// text only those that contain it, in any case.
	Blacklisted(ctx context.Context, text, after string, size int) ([]mindustry.BlacklistedAddress, error)
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
	b := &Blacklist{BlacklistReads: store, store: store, held: held, applier: applier, clock: clock}
	b.edits = writequeue.Register(queue, "blacklist", b.edit)
	return b
}

// MaxAddresses bounds how many addresses one call may add.
const MaxAddresses = 10_000

// Add adds addresses; those that are listed already change nothing. By is who adds them:
// without a name the person or, without one, the game server in the context. They are in the
// database when it returns or, while that is away, on disk. Errors: invalid, and then
// nothing was added.
func (b *Blacklist) Add(ctx context.Context, add []string, by string) error {
	if len(add) > MaxAddresses {
		return syncer.Invalid("addresses", "must be at most %d", MaxAddresses)
	}
	for i, address := range add {
		if err := mindustry.CheckBlacklisted(fmt.Sprintf("[%d]", i), address); err != nil {
			return err
		}
	}
	if err := syncer.CheckAuthor("by", by); err != nil {
		return err
	}
	fresh := slices.DeleteFunc(unique(add), func(address string) bool { return b.has(address) })
	if len(fresh) == 0 {
		return nil
	}
	from := syncer.AttributionOf(ctx)
	by = cmp.Or(by, from.By, from.Server)
	return b.edits.Write(ctx, blacklistEdit{Addresses: fresh, Listed: true, By: by})
}

// Sync is Add, and returns all addresses there are then, those just given included, each
// once, sorted. Addresses come back letter for letter. Further errors: database_unavailable
// if it is not known yet what else there is, but then the given ones were added nevertheless.
func (b *Blacklist) Sync(ctx context.Context, add []string, by string) ([]string, error) {
	if err := b.Add(ctx, add, by); err != nil {
		return nil, err
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

// Remove removes an address. It is gone from the database when it returns or, while that is
// away, will be. Errors: invalid; not_found if it is not listed, as far as is known.
func (b *Blacklist) Remove(ctx context.Context, address string) error {
	if err := mindustry.CheckBlacklisted("address", address); err != nil {
		return err
	}
	if _, known := b.held.Addresses(); known && !b.has(address) && b.clock.Following() {
		return syncer.NotFound("%q is not blacklisted", address)
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

// unique returns what is given sorted and each once, in a slice of its own.
func unique[T ~string](all []T) []T { return slices.Compact(slices.Sorted(slices.Values(all))) }
