package sidecar

import (
	"context"
	"crypto/rand"
	"time"

	"playersync/syncer"
	"playersync/syncer/writequeue"
)

// MapRunStore is what map runs need of the database.
type MapRunStore interface {
	ReportMapRun(ctx context.Context, report syncer.MapReport) (syncer.CurrentMapRun, error)
	FinishMapRun(ctx context.Context, finish syncer.MapFinish) (syncer.MapRun, error)
	AbandonMapRun(ctx context.Context, server string) error
	CurrentMapRun(ctx context.Context, server string) (*syncer.CurrentMapRun, error)
	ListMapRuns(ctx context.Context, filter syncer.MapRunFilter, before int64, size int) ([]syncer.MapRun, error)
	MapStats(
		ctx context.Context, filter syncer.MapStatsFilter, size int, after string,
	) ([]syncer.MapStats, string, error)
}

// MapRuns keeps the run of a map in progress on each game server and the finished
// ones. Nothing of it is held in memory: a restart of anything loses nothing. While
// the database is away, reports and ends wait on disk with the time they came at.
type MapRuns struct {
	store    MapRunStore
	clock    Clock
	reports  *writequeue.Kind[syncer.MapReport]
	finishes *writequeue.Kind[syncer.MapFinish]
}

// NewMapRuns returns map runs that write through the queue.
func NewMapRuns(store MapRunStore, queue *writequeue.Queue, clock Clock) *MapRuns {
	m := &MapRuns{store: store, clock: clock}
	m.reports = writequeue.Register(queue, "map report", func(ctx context.Context, report syncer.MapReport) error {
		_, err := store.ReportMapRun(ctx, report)
		return err
	})
	m.finishes = writequeue.Register(queue, "map finish", func(ctx context.Context, finish syncer.MapFinish) error {
		_, err := store.FinishMapRun(ctx, finish)
		return err
	})
	return m
}

// Report notes what a game server runs and returns the run in progress; nil if the
// report waits on disk for the database. Of the report, the server and time are
// filled in here. Errors: invalid.
func (m *MapRuns) Report(
	ctx context.Context, from syncer.GameServer, report syncer.MapReport,
) (*syncer.CurrentMapRun, error) {
	report.Server, report.Gamemode, report.At = from.Name, from.Gamemode, syncer.TimeOf(m.clock.Now())
	if err := report.Validate(); err != nil {
		return nil, err
	}
	if m.saysNothing(report) {
		return nil, nil
	}
	var run syncer.CurrentMapRun
	waits, err := m.reports.WriteBy(ctx, report, func(ctx context.Context) (err error) {
		run, err = m.store.ReportMapRun(ctx, report)
		return err
	})
	if waits || err != nil {
		return nil, err
	}
	return &run, nil
}

// reportEvery is how often a report that says nothing new is kept on disk while the
// database is away.
const reportEvery = time.Minute

// saysNothing reports whether the server's last report waits, is recent, and says as
// much: in an outage of hours the disk need not hold each. A crash of the game then
// costs the run at most that minute.
func (m *MapRuns) saysNothing(report syncer.MapReport) bool {
	var last *syncer.MapReport
	var lastPlace uint64
	for place, waiting := range m.reports.Waiting() {
		if waiting.Server == report.Server {
			last, lastPlace = &waiting, place
		}
	}
	for place, finish := range m.finishes.Waiting() {
		if finish.Server == report.Server && place > lastPlace {
			return false
		}
	}
	if last == nil || last.Map != report.Map || last.Gamemode != report.Gamemode ||
		last.Session != report.Session || last.Players < report.Players {
		return false
	}
	at, _ := report.At.Instant()
	before, _ := last.At.Instant()
	return at.Sub(before) < reportEvery
}

// Finish ends the run in progress and returns it as it is stored; nil if the end
// waits on disk for the database, which then stores it once. Of the finish, server
// and time are filled in here, and the key if it is zero. Errors: invalid; conflict
// if no run of the map is in progress.
func (m *MapRuns) Finish(ctx context.Context, from syncer.GameServer, finish syncer.MapFinish) (*syncer.MapRun, error) {
	finish.Server, finish.At = from.Name, syncer.TimeOf(m.clock.Now())
	if err := finish.Validate(); err != nil {
		return nil, err
	}
	if finish.Key == ([16]byte{}) {
		_, _ = rand.Read(finish.Key[:]) // never fails, says its documentation
	}
	var run syncer.MapRun
	waits, err := m.finishes.WriteBy(ctx, finish, func(ctx context.Context) (err error) {
		run, err = m.store.FinishMapRun(ctx, finish)
		return err
	})
	if waits || err != nil {
		return nil, err
	}
	return &run, nil
}

// Abandon forgets the run in progress on a server, if there is one: it does not
// count. Errors: database_unavailable.
func (m *MapRuns) Abandon(ctx context.Context, from syncer.GameServer) error {
	return m.store.AbandonMapRun(ctx, from.Name)
}

// Current returns the run in progress on a server as the database has it, nil if
// there is none.
func (m *MapRuns) Current(ctx context.Context, from syncer.GameServer) (*syncer.CurrentMapRun, error) {
	return m.store.CurrentMapRun(ctx, from.Name)
}

// Runs returns finished runs, newest first.
func (m *MapRuns) Runs(ctx context.Context, filter syncer.MapRunFilter, page Page) ([]syncer.MapRun, string, error) {
	number := func(run syncer.MapRun) int64 { return run.Number }
	return numbered(page, number, func(before int64, size int) ([]syncer.MapRun, error) {
		return m.store.ListMapRuns(ctx, filter, before, size)
	})
}

// Stats returns statistics, by map and gamemode.
func (m *MapRuns) Stats(
	ctx context.Context, filter syncer.MapStatsFilter, page Page,
) ([]syncer.MapStats, string, error) {
	return m.store.MapStats(ctx, filter, page.Size, page.After)
}
