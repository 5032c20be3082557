package sidecar

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
	"playersync/syncer/writequeue"
)

// removing is a database in which another server removes each address in the moment in
// which it was added, so that memory never holds it.
type removing struct{ added []string }

func (r *removing) AddBlacklisted(_ context.Context, addresses []string, _ string) ([]changefeed.Change, error) {
	r.added = append(r.added, addresses...)
	return nil, nil
}

func (*removing) Blacklisted(context.Context, string, string, int) ([]mindustry.BlacklistedAddress, error) {
	panic("not used")
}

func (*removing) RemoveBlacklisted(context.Context, string) ([]changefeed.Change, error) {
	panic("not used")
}

func (*removing) AddWrite(string, []byte) (uint64, error)       { return 0, nil }
func (*removing) LoadWrites(func(uint64, string, []byte)) error { return nil }
func (*removing) RemoveWrite(uint64) error                      { return nil }

func (*removing) Begin() changefeed.Generation                                                   { return 0 }
func (*removing) Wrote(changefeed.Generation, []changefeed.VersionedPlayer, []changefeed.Change) {}

func (*removing) Addresses() ([]string, bool) { return []string{"192.0.2.1"}, true }
func (*removing) Has(address string) bool     { return address == "192.0.2.1" }

// Hazard R10: a game server forgets an address that it sent and that is not in the
// answer, and never sends it again.
func TestAnswerHoldsWhatAnotherServerRemovedInTheSameMoment(t *testing.T) {
	t.Parallel()
	r := &removing{}
	b := NewBlacklist(r, writequeue.New(r, slog.New(slog.DiscardHandler)), r, r, nil)
	all, err := b.Sync(t.Context(), []string{"203.0.113.9", "192.0.2.1"}, "pvp")
	if want := []string{"192.0.2.1", "203.0.113.9"}; err != nil || !slices.Equal(all, want) {
		t.Errorf("the answer is %q, %v, want %q", all, err, want)
	}
	if !slices.Equal(r.added, []string{"203.0.113.9"}) {
		t.Errorf("stored %q", r.added)
	}
}
