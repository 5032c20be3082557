package sidecar

import (
	"context"
	"math"
	"net/netip"
	"slices"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Bounds of what is told of whom a ban meets.
const (
	maxReach     = 100             // players
	reachTimeout = 2 * time.Second // so long a ban waits for it, and so long its answer
)

// Identify returns whom a target means. In place of an id it may have the name of a
// player, as for [Finder.Find]; an id that is banned or that a player has goes first.
// An id that nobody has is returned as it is. Error: invalid for the name of several
// players.
func (b *Bans) Identify(ctx context.Context, target syncer.Target) (syncer.IdentifiedTarget, error) {
	return b.identify(ctx, target, false)
}

// identify is [Bans.Identify], of what may be known to be no name.
func (b *Bans) identify(ctx context.Context, target syncer.Target, isID bool) (syncer.IdentifiedTarget, error) {
	if target.ID == "" {
		return syncer.IdentifiedTarget{Target: target, Known: true}, nil
	}
	player, err := b.finder.read(ctx, target.ID)
	if err != nil {
		return syncer.IdentifiedTarget{}, err
	}
	if player != nil {
		return syncer.IdentifiedTarget{Target: target, Known: true}, nil
	}
	bans, err := b.store.BansOf(ctx, target.ID, netip.Addr{})
	if err != nil || isID || len(bans) > 0 {
		return syncer.IdentifiedTarget{Target: target}, err
	}
	switch player, err = b.finder.named(ctx, string(target.ID)); {
	case err == nil:
		return syncer.IdentifiedTarget{Target: syncer.TargetID(player.ID), Known: true}, nil
	case syncer.CodeOf(err) == syncer.CodeInvalid:
		return syncer.IdentifiedTarget{}, &syncer.Error{Code: syncer.CodeInvalid, Field: "uuid", Message: err.Error()}
	case syncer.CodeOf(err) != syncer.CodeNotFound:
		return syncer.IdentifiedTarget{}, err
	}
	return syncer.IdentifiedTarget{Target: target}, nil
}

// Revoke identifies the target and lifts its ban, and no other: those that keep it out
// nevertheless are named.
func (b *Bans) Revoke(ctx context.Context, target syncer.Target, by, reason string) (syncer.LiftedBan, error) {
	identified, err := b.Identify(ctx, target)
	if err != nil {
		return syncer.LiftedBan{}, err
	}
	revoked := syncer.LiftedBan{Target: identified.Target, Known: identified.Known}
	if revoked.Ban, revoked.Lifted, err = b.LiftBan(ctx, revoked.Target, by, reason); err != nil {
		return syncer.LiftedBan{}, err
	}
	return b.stillKeptOut(ctx, revoked)
}

// RevokeNumbered lifts the ban of a number, and no other of its target, or returns
// not_found. One that is over stays as it is: then it is returned and was not lifted.
func (b *Bans) RevokeNumbered(ctx context.Context, number int64, by, reason string) (syncer.LiftedBan, error) {
	lifted, found, err := b.lift(by, reason, func() (syncer.Ban, bool, []changefeed.Change, error) {
		return b.store.LiftBanNumbered(ctx, number, by, reason)
	})
	if err == nil && !found {
		var over syncer.NotedBan
		over, err = b.Ban(ctx, number)
		lifted = over.Ban
	}
	if err != nil {
		return syncer.LiftedBan{}, err
	}
	return b.stillKeptOut(ctx, syncer.LiftedBan{Target: lifted.Target, Known: true, Lifted: found, Ban: lifted})
}

// stillKeptOut adds what keeps a target out besides its own ban.
func (b *Bans) stillKeptOut(ctx context.Context, revoked syncer.LiftedBan) (_ syncer.LiftedBan, err error) {
	if revoked.Target.ID == "" {
		revoked.Still, err = b.store.BansAround(ctx, revoked.Target.Prefix)
	} else {
		revoked.Still, err = b.BansElsewhere(ctx, revoked.Target.ID)
	}
	if revoked.Lifted && syncer.IsAway(err) {
		err = nil // what was done is said, whatever is known besides
	}
	return revoked, err
}

// BansElsewhere returns the bans in force of the addresses that a player joined from, and of
// the ranges around them: they keep him out only there. The newest come first.
func (b *Bans) BansElsewhere(ctx context.Context, id syncer.PlayerID) ([]syncer.Ban, error) {
	filter := syncer.BanFilter{Meets: id, Active: new(true)}
	bans, err := b.store.ListBans(ctx, filter, math.MaxInt64, syncer.MaxPreviewBans)
	return slices.DeleteFunc(bans, func(ban syncer.Ban) bool { return ban.Target.ID != "" }), err
}

// Impose identifies the target, bans it as [Bans.AddBan] does, and says whom that
// meets. An id that nobody has is banned only if strangers are to be: else not_found. What
// is wide or meets many players is banned only if that is confirmed: else unconfirmed. The
// name of a host is invalid, unless it is a player's or meant as an id.
func (b *Bans) Impose(ctx context.Context, ban syncer.NewBan, strangers bool) (syncer.AddedBan, error) {
	identified, err := b.identify(ctx, ban.Target, ban.MeantID)
	if err != nil {
		return syncer.AddedBan{}, err
	}
	switch id := string(ban.Target.ID); {
	case identified.Known:
	case !ban.MeantID && syncer.LooksLikeHost(id):
		return syncer.AddedBan{}, syncer.Invalid("uuid", "%q looks like the name of a host, and no player has that "+
			"id or name; give its address, or uuid:%s for an id", id, id)
	case !strangers:
		return syncer.AddedBan{}, syncer.NotFound("no player has the id or name %q", id)
	}
	ban.Target = identified.Target
	if err := b.checkConfirmed(ctx, ban); err != nil {
		return syncer.AddedBan{}, err
	}
	stands, outcome, err := b.AddBan(ctx, ban)
	if err != nil {
		return syncer.AddedBan{}, err
	}
	added := syncer.AddedBan{Ban: stands, Outcome: outcome, Known: identified.Known}
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	if reach, err := b.PreviewBan(ctx, ban.Target, maxReach); err == nil { // the ban stands whatever is known of it
		added.Reach = &reach
	}
	return added, nil
}

// checkConfirmed refuses a ban of an address or range that meets more than may be meant.
func (b *Bans) checkConfirmed(ctx context.Context, ban syncer.NewBan) error {
	if ban.Confirmed || ban.Target.ID != "" {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	reach, err := b.PreviewBan(bounded, ban.Target, 1)
	switch {
	case err == nil:
		return reach.CheckConfirmed()
	case bounded.Err() != nil && ctx.Err() == nil:
		return syncer.UnconfirmedUncounted(ban.Target)
	default:
		return err
	}
}

// LatestBan returns the number of the latest ban of just the given target, in force or
// over, or not_found.
func (b *Bans) LatestBan(ctx context.Context, target syncer.Target) (int64, error) {
	const page = 100
	filter := syncer.BanFilter{ID: target.ID, IP: target.IP()} // by address also those around it
	for before := int64(math.MaxInt64); ; {
		bans, err := b.store.ListBans(ctx, filter, before, page)
		if err != nil {
			return 0, err
		}
		for _, ban := range bans {
			if before = ban.Number; ban.Target == target {
				return ban.Number, nil
			}
		}
		if len(bans) < page {
			return 0, syncer.NotFound("%s was never banned", target)
		}
	}
}
