package sidecar

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"playersync/syncer"
	"playersync/syncer/mindustry"
)

// Blacklist is the addresses from which the game servers accept no connections,
// because they attacked one of them.
type Blacklist struct {
	held    Addresses
	clock   Clock
	backlog *Backlog
}

// Addresses is the copy of all blacklisted addresses in memory.
type Addresses interface {
	Addresses() (sorted []string, known bool)
	Has(address string) bool
}

// NewBlacklist returns a blacklist that writes through the backlog.
func NewBlacklist(held Addresses, clock Clock, backlog *Backlog) *Blacklist {
	return &Blacklist{held: held, clock: clock, backlog: backlog}
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
		if err := b.backlog.write(ctx, mindustry.QueuedWrite{Blacklist: &mindustry.BlacklistEdit{Addresses: fresh, Listed: true, By: by}}); err != nil {
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
	return b.backlog.write(ctx, mindustry.QueuedWrite{Blacklist: &mindustry.BlacklistEdit{Addresses: []string{address}}})
}

// has reports whether an address is listed once everything that waits is stored.
func (b *Blacklist) has(address string) bool {
	waiting := b.backlog.pending()
	for _, w := range slices.Backward(waiting) {
		if edit := w.Blacklist; edit != nil && slices.Contains(edit.Addresses, address) {
			return edit.Listed
		}
	}
	return b.held.Has(address)
}

// withPending lays what waits to be stored over the addresses held.
func (b *Blacklist) withPending(held []string) []string {
	for _, w := range b.backlog.pending() {
		switch edit := w.Blacklist; {
		case edit == nil:
		case edit.Listed:
			held = unique(slices.Concat(held, edit.Addresses))
		default:
			held = slices.DeleteFunc(slices.Clone(held), func(address string) bool { return slices.Contains(edit.Addresses, address) })
		}
	}
	return held
}

// unique returns the addresses sorted and each once, in a slice of its own.
func unique(addresses []string) []string {
	sorted := slices.Sorted(slices.Values(addresses))
	return slices.Compact(sorted)
}
