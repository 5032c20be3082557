package sidecar

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Bans adds, changes and lifts bans in the database, and checks players against the
// copy of all open bans in memory. It is safe for concurrent use.
type Bans struct {
	BanReads

	store   BanStore
	finder  *Finder
	held    HeldBans
	applier Applier
	clock   Clock
}

// BanReads are the reads of bans that need no rule of this package; the store has them.
type BanReads interface {
	// Ban returns the ban of a number, open or over, with its notes, or not_found.
	Ban(ctx context.Context, number int64) (syncer.NotedBan, error)
	// PreviewBan returns whom a ban of an address or a range would keep out, with up
	// to size players.
	PreviewBan(ctx context.Context, target syncer.Target, size int) (syncer.BanPreview, error)
}

// BanWrites are the changes of bans. Each returns the changes that other sidecars are told of.
type BanWrites interface {
	// AddBan returns the ban that stands now, and whether it is the one that was asked for.
	AddBan(ctx context.Context, ban syncer.NewBan) (stands syncer.Ban, made bool, _ []changefeed.Change, _ error)
	// LiftBan returns the ban that was lifted, and whether one stood.
	LiftBan(
		ctx context.Context, target syncer.Target, by, reason string,
	) (lifted syncer.Ban, found bool, _ []changefeed.Change, _ error)
	// LiftBanNumbered returns the ban of the number, and whether it stood.
	LiftBanNumbered(
		ctx context.Context, number int64, by, reason string,
	) (lifted syncer.Ban, found bool, _ []changefeed.Change, _ error)
	ChangeBan(ctx context.Context, number int64, change syncer.BanChange) (syncer.Ban, []changefeed.Change, error)
}

// BanStore is what bans need of the database.
type BanStore interface {
	BanReads
	BanWrites
	FinderStore
	// BansOf returns the bans in force that keep out an id or an address.
	BansOf(ctx context.Context, id syncer.PlayerID, address netip.Addr) ([]syncer.Ban, error)
	// BansAround returns the bans in force of an address or range and of ranges around it.
	BansAround(ctx context.Context, prefix netip.Prefix) ([]syncer.Ban, error)
	ListBans(ctx context.Context, filter syncer.BanFilter, before int64, size int) ([]syncer.Ban, error)
	AddBanNote(ctx context.Context, ban int64, note syncer.BanNote) (syncer.BanNote, error)
}

// HeldBans is the copy of all open bans in memory.
type HeldBans interface {
	Check(id syncer.PlayerID, address netip.Addr, now time.Time) []syncer.ActiveBan
}

// NewBans returns the bans of the store, all open ones of which are held in memory. A
// process that holds none gives nil: then CheckBans asks the database, and IsBanned must
// not be called.
func NewBans(store BanStore, held HeldBans, applier Applier, clock Clock) *Bans {
	return &Bans{BanReads: store, store: store, finder: NewFinder(store), held: held, applier: applier, clock: clock}
}

// AddBan bans just the given target. A ban that stands already stays as it is and is
// returned, unless it is to be replaced: then it gets the new reason and end.
func (b *Bans) AddBan(ctx context.Context, ban syncer.NewBan) (syncer.Ban, syncer.BanOutcome, error) {
	if err := ban.Validate(b.clock.Now()); err != nil {
		return syncer.Ban{}, "", err
	}
	for {
		begun := b.applier.Begin()
		stored, made, changes, err := b.store.AddBan(ctx, ban)
		if err != nil {
			return syncer.Ban{}, "", err
		}
		b.applier.Wrote(begun, nil, changes)
		switch {
		case made:
			return stored, syncer.BanMade, nil
		case !ban.Replace:
			return stored, syncer.BanStands, nil
		}
		changed, err := b.ChangeBan(ctx, stored.Number, syncer.BanChange{
			Reason: syncer.Some(ban.Reason), ExpiresAt: syncer.Some(ban.ExpiresAt), By: ban.By,
		})
		if code := syncer.CodeOf(err); code != syncer.CodeConflict && code != syncer.CodeNotFound {
			return changed, syncer.BanReplaced, err
		}
		// It ended between the two: ban anew.
	}
}

// LiftBan lifts the ban in force of just the given target; false if there was none.
func (b *Bans) LiftBan(ctx context.Context, target syncer.Target, by, reason string) (syncer.Ban, bool, error) {
	return b.lift(by, reason, func() (syncer.Ban, bool, []changefeed.Change, error) {
		return b.store.LiftBan(ctx, target, by, reason)
	})
}

// lift writes a lift.
func (b *Bans) lift(
	by, reason string, write func() (syncer.Ban, bool, []changefeed.Change, error),
) (syncer.Ban, bool, error) {
	if err := syncer.CheckLift(by, reason); err != nil {
		return syncer.Ban{}, false, err
	}
	begun := b.applier.Begin()
	lifted, found, changes, err := write()
	if err != nil {
		return syncer.Ban{}, false, err
	}
	b.applier.Wrote(begun, nil, changes)
	return lifted, found, nil
}

// CheckBans returns the bans that keep a player id or an address out; either may
// be zero. The verdict comes from memory. Reasons and authors are not kept there:
// they are read from the database if it answers within a small part of the time that the
// context has, else left empty.
func (b *Bans) CheckBans(ctx context.Context, id syncer.PlayerID, address netip.Addr) ([]syncer.Ban, error) {
	if b.held == nil {
		return b.store.BansOf(ctx, id, address)
	}
	active := b.held.Check(id, address, b.clock.Now())
	if len(active) == 0 {
		return nil, nil
	}
	details := map[syncer.Target]syncer.Ban{}
	brief, cancel := share(ctx, forDetails)
	defer cancel()
	rows, _ := b.store.BansOf(brief, id, address) // whatever happens, the verdict stands
	for _, row := range rows {
		details[row.Target] = row
	}
	bans := make([]syncer.Ban, len(active))
	for i, ban := range active {
		bans[i] = syncer.Ban{Target: ban.Target, ExpiresAt: ban.ExpiresAt}
		if full, found := details[ban.Target]; found {
			bans[i] = full
		}
	}
	return bans, nil
}

// IsBanned reports from memory alone whether a ban keeps a player id or an address
// out; either may be zero. A ban that is known counts even while the database is
// away. That there is none is said only while memory is known to equal the rows:
// otherwise database_unavailable.
func (b *Bans) IsBanned(id syncer.PlayerID, address netip.Addr) (bool, error) {
	if len(b.held.Check(id, address, b.clock.Now())) > 0 {
		return true, nil
	}
	if !b.clock.Following() {
		return false, syncer.Unavailable(errors.New("the bans in memory may lack some"))
	}
	return false, nil
}

// ListBans returns bans, newest first. In place of an id the filter may have a player's
// name, as for [Bans.Identify].
func (b *Bans) ListBans(ctx context.Context, filter syncer.BanFilter, page Page) ([]syncer.Ban, string, error) {
	number := func(ban syncer.Ban) int64 { return ban.Number }
	return numbered(page, number, func(before int64, size int) ([]syncer.Ban, error) {
		identified, err := b.identifyFilter(ctx, filter)
		if err != nil {
			return nil, err
		}
		return b.store.ListBans(ctx, identified, before, size)
	})
}

// identifyFilter puts ids in place of the names in a filter.
func (b *Bans) identifyFilter(ctx context.Context, filter syncer.BanFilter) (syncer.BanFilter, error) {
	if filter.Meets != "" && (filter.ID != "" || filter.IP != "") {
		return filter, syncer.Invalid("player", "give either player or uuid or ip")
	}
	for field, id := range map[string]*syncer.PlayerID{"uuid": &filter.ID, "player": &filter.Meets} {
		identified, err := b.Identify(ctx, syncer.Target{ID: *id})
		if err != nil {
			return filter, syncer.InField(field, err)
		}
		*id = identified.Target.ID
	}
	return filter, nil
}

// ChangeBan gives a ban in force another reason or expiry. It returns not_found
// for one that does not exist, conflict for one that is over, and stale for one that has
// another revision than the expected one.
func (b *Bans) ChangeBan(ctx context.Context, number int64, change syncer.BanChange) (syncer.Ban, error) {
	if err := change.Validate(b.clock.Now()); err != nil {
		return syncer.Ban{}, err
	}
	begun := b.applier.Begin()
	changed, changes, err := b.store.ChangeBan(ctx, number, change)
	if err != nil {
		return syncer.Ban{}, err
	}
	b.applier.Wrote(begun, nil, changes)
	return changed, nil
}

// AddBanNote adds a note to a ban, open or over, or returns not_found.
func (b *Bans) AddBanNote(ctx context.Context, ban int64, note syncer.BanNote) (syncer.BanNote, error) {
	if err := note.Validate(); err != nil {
		return syncer.BanNote{}, err
	}
	return b.store.AddBanNote(ctx, ban, note)
}
