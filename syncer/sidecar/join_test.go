package sidecar

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
)

// joinRig is players without a database, and the bans that each look finds in turn.
type joinRig struct {
	PlayerStore
	HeldPlayers
	Applier
	bans [][]syncer.Ban

	away   int  // reads that still fail
	asleep bool // the feed does not follow
}

func (*joinRig) Now() time.Time           { return time.UnixMilli(5000) }
func (*joinRig) Staleness() time.Duration { return 0 }
func (r *joinRig) Following() bool        { return !r.asleep }
func (*joinRig) Hold(syncer.PlayerID)     {}
func (*joinRig) Release(syncer.PlayerID)  {}

func (*joinRig) Get(id syncer.PlayerID) (*syncer.Player, bool) {
	return new(syncer.NewPlayer(id)), true
}

func (*joinRig) Read(_ context.Context, id syncer.PlayerID, _ Fetch) (*syncer.Player, bool, error) {
	return new(syncer.NewPlayer(id)), true, nil
}

func (r *joinRig) Reread(_ context.Context, id syncer.PlayerID, _ Fetch) (*syncer.Player, error) {
	if r.away--; r.away >= 0 {
		return nil, syncer.Unavailable(errors.New("busy"))
	}
	return new(syncer.NewPlayer(id)), nil
}

func (r *joinRig) CheckBans(context.Context, syncer.PlayerID, netip.Addr) ([]syncer.Ban, error) {
	found := r.bans[0]
	r.bans = r.bans[1:]
	return found, nil
}

func (r *joinRig) players() (syncer.GameServer, *Players) {
	home := syncer.GameServer{Name: "s", Gamemode: "g", Address: "192.0.2.1:6567"}
	saver := NewSaver(0, nil, r, r, nil, slog.New(slog.DiscardHandler))
	return home, NewPlayers(home, PlayerDeps{Store: r, Held: r, Bans: r, Clock: r, Saver: saver})
}

// A join waits for a database that is up, as long as half the time that the request has.
func TestJoinWaitsForABusyDatabase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rig    joinRig
		source Source
		takes  time.Duration
	}{
		"answers":          {joinRig{}, FromDatabase, 0},
		"busy for a while": {joinRig{away: 7}, FromDatabase, 7 * pauseBetweenReads},
		"busy for long":    {joinRig{away: 1000}, FromMemory, 5 * time.Second},
		"away":             {joinRig{away: 7, asleep: true}, FromMemory, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c.rig.bans = [][]syncer.Ban{nil, nil}
				home, p := c.rig.players()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				began := time.Now() // of the bubble, whose clock moves when all wait
				result, err := p.Join(ctx, home, "a", JoinRequest{Name: "A", IP: netip.MustParseAddr("192.0.2.9")})
				if err != nil || result.Source != c.source || time.Since(began) != c.takes {
					t.Errorf("%v after %v, %v", result, time.Since(began), err)
				}
			})
		})
	}
}

// silentBans are a database that never says anything of a ban.
type silentBans struct{ BanStore }

func (silentBans) BansOf(ctx context.Context, _ syncer.PlayerID, _ netip.Addr) ([]syncer.Ban, error) {
	<-ctx.Done()
	return nil, syncer.Unavailable(ctx.Err())
}

// heldBan is in memory.
type heldBan struct{}

func (heldBan) Check(id syncer.PlayerID, _ netip.Addr, _ time.Time) []syncer.ActiveBan {
	return []syncer.ActiveBan{{Target: syncer.TargetID(id)}}
}

// The verdict does not wait for what it does not depend on.
func TestRejectionWaitsForDetailsOnlyBriefly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &joinRig{away: 1000}
		home, p := r.players()
		p.bans = NewBans(silentBans{}, heldBan{}, r, r)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		result, err := p.Join(ctx, home, "a", JoinRequest{Name: "A", IP: netip.MustParseAddr("192.0.2.9")})
		if err != nil || result.Ban == nil || result.Ban.Target.ID != "a" || time.Since(began) != 500*time.Millisecond {
			t.Errorf("%v after %v, %v", result, time.Since(began), err)
		}
	})
}

// A ban that comes while a player joins keeps that player out: its event could not name
// who had not arrived yet.
func TestBanDuringAJoinKeepsOut(t *testing.T) {
	t.Parallel()
	ban := []syncer.Ban{{Number: 7, Target: syncer.TargetID("a")}}
	for name, c := range map[string]struct {
		bans [][]syncer.Ban
		out  bool
	}{
		"none":       {[][]syncer.Ban{nil, nil}, false},
		"before":     {[][]syncer.Ban{ban}, true},
		"in between": {[][]syncer.Ban{nil, ban}, true},
	} {
		r := &joinRig{bans: c.bans}
		home, p := r.players()
		result, err := p.Join(t.Context(), home, "a", JoinRequest{Name: "A", IP: netip.MustParseAddr("192.0.2.9")})
		online, unsaved := p.Online()
		if err != nil || (result.Ban != nil) != c.out || (online > 0) == c.out || (unsaved > 0) == c.out {
			t.Errorf("%s: ban %v, %d online, %d unsaved, %v", name, result.Ban, online, unsaved, err)
		}
		met := p.Met(home, syncer.TargetAddress(netip.MustParseAddr("192.0.2.9")))
		if (len(met) > 0) == c.out {
			t.Errorf("%s: a ban of the address meets %v", name, met)
		}
	}
}
