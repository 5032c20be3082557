package sidecar

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"playersync/syncer"
)

// joinRig is players without a database, and the bans that each look finds in turn.
type joinRig struct {
	PlayerStore
	HeldPlayers
	Applier
	bans [][]syncer.Ban
}

func (*joinRig) Now() time.Time           { return time.UnixMilli(5000) }
func (*joinRig) Staleness() time.Duration { return 0 }
func (*joinRig) Following() bool          { return true }
func (*joinRig) Hold(syncer.PlayerID)     {}
func (*joinRig) Release(syncer.PlayerID)  {}

func (*joinRig) Get(id syncer.PlayerID) (*syncer.Player, bool) {
	return new(syncer.NewPlayer(id)), true
}

func (*joinRig) Read(_ context.Context, id syncer.PlayerID, _ Fetch) (*syncer.Player, bool, error) {
	return new(syncer.NewPlayer(id)), true, nil
}

func (*joinRig) Reread(_ context.Context, id syncer.PlayerID, _ Fetch) (*syncer.Player, error) {
	return new(syncer.NewPlayer(id)), nil
}

func (r *joinRig) CheckBans(context.Context, syncer.PlayerID, netip.Addr) ([]syncer.Ban, error) {
	found := r.bans[0]
	r.bans = r.bans[1:]
	return found, nil
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
		home := syncer.GameServer{Name: "s", Gamemode: "g", Address: "192.0.2.1:6567"}
		saver := NewSaver(0, nil, r, r, nil, slog.New(slog.DiscardHandler))
		p := NewPlayers(home, PlayerDeps{Store: r, Held: r, Bans: r, Clock: r, Saver: saver})
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
