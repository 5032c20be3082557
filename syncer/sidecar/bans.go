package sidecar

import (
	"context"
	"errors"
	"net/netip"
	"strconv"

	"playersync/syncer"
)

// AddBan bans a target, or returns the open ban that already stands and false.
func (s *Sidecar) AddBan(ctx context.Context, ban syncer.NewBan) (syncer.Ban, bool, error) {
	if err := ban.Validate(s.clock.Now()); err != nil {
		return syncer.Ban{}, false, err
	}
	begun := s.applier.Begin()
	stored, created, changes, err := s.store.AddBan(ctx, ban)
	if err != nil {
		return syncer.Ban{}, false, err
	}
	s.applier.Wrote(begun, nil, changes)
	return stored, created, nil
}

// LiftBan lifts the open ban of a target; false if there was none.
func (s *Sidecar) LiftBan(ctx context.Context, target syncer.Target, by, reason string) (syncer.Ban, bool, error) {
	if err := syncer.CheckLift(by, reason); err != nil {
		return syncer.Ban{}, false, err
	}
	begun := s.applier.Begin()
	lifted, found, changes, err := s.store.LiftBan(ctx, target, by, reason)
	if err != nil {
		return syncer.Ban{}, false, err
	}
	s.applier.Wrote(begun, nil, changes)
	return lifted, found, nil
}

// CheckBans returns the bans that keep a player id or an address out; either may
// be zero. The verdict comes from memory. Reasons and authors are not kept there:
// they are read from the database if it answers, else left empty.
func (s *Sidecar) CheckBans(ctx context.Context, id syncer.PlayerID, address netip.Addr) ([]syncer.Ban, error) {
	standing := s.bans.Check(id, address, s.clock.Now())
	if len(standing) == 0 {
		return nil, nil
	}
	details := map[syncer.Target]syncer.Ban{}
	rows, err := s.store.BansOf(ctx, id, address)
	if err != nil && !isAway(err) {
		return nil, err
	}
	for _, row := range rows {
		details[row.Target] = row
	}
	bans := make([]syncer.Ban, len(standing))
	for i, ban := range standing {
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
func (s *Sidecar) IsBanned(id syncer.PlayerID, address netip.Addr) (bool, error) {
	if len(s.bans.Check(id, address, s.clock.Now())) > 0 {
		return true, nil
	}
	if !s.clock.Following() {
		return false, syncer.Unavailable(errors.New("the bans in memory may lack some"))
	}
	return false, nil
}

// ListBans returns bans, newest first.
func (s *Sidecar) ListBans(ctx context.Context, filter syncer.BanFilter, page Page) ([]syncer.Ban, string, error) {
	before, err := page.before()
	if err != nil {
		return nil, "", err
	}
	bans, err := s.store.ListBans(ctx, filter, before, page.Size+1)
	if err != nil {
		return nil, "", err
	}
	if len(bans) <= page.Size {
		return bans, "", nil
	}
	bans = bans[:page.Size]
	return bans, strconv.FormatInt(bans[page.Size-1].Number, 10), nil
}
