package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/writequeue"
)

// countRig is player counts whose database, disk and clock are the test's.
type countRig struct {
	*Counts
	now    time.Time
	away   bool
	kept   []syncer.CountReport // on disk
	stored []syncer.CountReport
	found  int // samples that there are
}

func newCountRig() *countRig {
	r := &countRig{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	r.Counts = NewCounts(r, writequeue.New(r, slog.New(slog.DiscardHandler)), r)
	return r
}

func (r *countRig) Now() time.Time         { return r.now }
func (*countRig) Staleness() time.Duration { return 0 }
func (*countRig) Following() bool          { return true }

func (*countRig) LoadWrites(func(uint64, string, []byte)) error { return nil }
func (*countRig) RemoveWrite(uint64) error                      { return nil }

func (r *countRig) AddWrite(_ string, payload []byte) (uint64, error) {
	var report syncer.CountReport
	err := json.Unmarshal(payload, &report)
	r.kept = append(r.kept, report)
	return uint64(len(r.kept)), err
}

func (r *countRig) AddPlayerCount(_ context.Context, report syncer.CountReport) error {
	if r.away {
		return syncer.Unavailable(errors.New("away"))
	}
	r.stored = append(r.stored, report)
	return nil
}

func (r *countRig) PlayerCounts(_ context.Context, _ syncer.CountRange, most int) ([]syncer.PlayerCount, error) {
	return make([]syncer.PlayerCount, min(r.found, most)), nil
}

func (r *countRig) report(t *testing.T, server string, players int) {
	t.Helper()
	if err := r.Report(t.Context(), syncer.CountReport{Server: server, Players: players}); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyWhatRaisesTheMaximumIsWritten(t *testing.T) {
	t.Parallel()
	r := newCountRig()
	for _, players := range []int{3, 3, 1, 5, 4} {
		r.report(t, "pvp", players)
	}
	r.report(t, "attack", 1)
	r.now = r.now.Add(syncer.CountSlot)
	r.report(t, "pvp", 2)
	late := syncer.CountReport{Server: "pvp", Players: 1, At: syncer.TimeOf(r.now.Add(-time.Hour))}
	for range 2 { // of another slot: written again, which is harmless
		if err := r.Report(t.Context(), late); err != nil {
			t.Fatal(err)
		}
	}
	r.report(t, "pvp", 2)
	var players []int
	for _, report := range r.stored {
		players = append(players, report.Players)
	}
	if len(players) != 6 || players[0] != 3 || players[1] != 5 || players[3] != 2 {
		t.Errorf("wrote %v", players)
	}
}

func TestReportsOfAnOutageWaitWithTheirTime(t *testing.T) {
	t.Parallel()
	r := newCountRig()
	r.away = true
	for range 3 {
		r.report(t, "pvp", 3)
	}
	if len(r.kept) != 1 || r.kept[0].Players != 3 || r.kept[0].At != syncer.TimeOf(r.now) {
		t.Errorf("kept %+v", r.kept)
	}
}

func TestInventedServersAreForgotten(t *testing.T) {
	t.Parallel()
	r := newCountRig()
	for i := range 3 * maxCounted {
		r.report(t, string(rune('a'+i%26))+string(rune(0x4e00+i)), 1)
	}
	if len(r.highest) > maxCounted {
		t.Errorf("remembers %d", len(r.highest))
	}
}

func TestExportIsLimited(t *testing.T) {
	t.Parallel()
	r := newCountRig()
	day := syncer.CountRange{From: r.now.Add(-24 * time.Hour), To: r.now}
	r.found = MaxCounts
	if _, counts, err := r.Export(t.Context(), day); err != nil || len(counts) != MaxCounts {
		t.Errorf("%d, %v", len(counts), err)
	}
	r.found++
	var refusal *syncer.Error
	_, _, err := r.Export(t.Context(), day)
	if !errors.As(err, &refusal) || refusal.Field != "to" || refusal.Code != syncer.CodeInvalid {
		t.Errorf("too many: %v", err)
	}
}
