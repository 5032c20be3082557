package sidecar

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// A leave that cannot wait any longer does not say that nothing was stored: it is still to be.
func TestLeaveThatIsStillInMemory(t *testing.T) {
	t.Parallel()
	r := &joinRig{bans: [][]syncer.Ban{nil, nil}}
	home := syncer.GameServer{Name: "s", Gamemode: "g", Address: "192.0.2.1:6567"}
	saver := NewSaver(0, nil, r, r, nil, slog.New(slog.DiscardHandler)) // which does not run
	p := NewPlayers(home, PlayerDeps{Store: r, Held: r, Bans: r, Clock: r, Saver: saver})
	if _, err := p.Join(t.Context(), home, "a", JoinRequest{Name: "A"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := p.Leave(ctx, home, "a", merge.Save{Stats: map[string]int64{"blocks": 1}})
	_, unsaved := p.Online()
	if syncer.CodeOf(err) != syncer.CodeOutcomeUnknown || !errors.Is(err, context.Canceled) || unsaved != 1 {
		t.Errorf("%d unsaved, %v", unsaved, err)
	}
}
