package feed

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

const (
	maxPolledChanges = 1 << 14 // if more are found, everything held is read again
	maxKeysPerRead   = 500     // keys read in one statement
)

// Why everything was read again; values of a metric's label.
const (
	reasonStart            = "start"
	reasonEpoch            = "epoch"
	reasonStrayed          = "strayed"
	reasonRewound          = "rewound"
	reasonFloor            = "floor"
	reasonTriggersAltered  = "triggers_altered"
	reasonTriggersDisabled = "triggers_disabled"
	reasonPeriodic         = "periodic"
	reasonWhole            = "whole_table" // only the tables concerned
)

// reasons are all of them.
var reasons = []string{
	reasonStart, reasonEpoch, reasonStrayed, reasonRewound, reasonFloor, reasonTriggersAltered,
	reasonTriggersDisabled, reasonPeriodic, reasonWhole,
}

// poll brings memory to the database's present position and, last of all, moves the
// cursor there. If it fails half-way, the cursor stays and the next poll repeats it. Players
// that are too large to be read at once stay behind in the backlog.
//
//	changes since the cursor         what is read
//	none                             nothing
//	Steve twice, Alex, one ban       Steve and Alex in one statement, the ban in another
//	TRUNCATE ban                     all bans
//	20 000 changes                   everything held
//	cursor of another epoch          everything, after memory was reset
func (f *Feed) poll(ctx context.Context, conn Conn) error {
	sent, heard := time.Now(), f.hears()
	if err := f.renewKey(ctx, conn); err != nil {
		return err
	}
	position, err := f.queryPosition(ctx, conn)
	if err != nil {
		return err
	}
	reason := f.reloadReason(position)
	if err := f.catchUp(ctx, conn, position, reason); err != nil {
		return err
	}
	f.applier.advance(position.Snapshot)
	f.cursor, f.epoch, f.triggers = position.Snapshot, position.Epoch, position.Triggers
	f.found = found{sent, position, cmp.Or(f.found.reason, reason)}
	f.unpolled = false
	f.settle(ctx)
	f.prune(ctx, conn, position.Oldest)
	f.missed = !heard
	f.schedule(f.silence(ctx))
	return nil
}

// queryPosition polls. It fails on a connection that cannot be followed, and settles
// a database that was restored from a dump first.
func (f *Feed) queryPosition(ctx context.Context, conn Conn) (Position, error) {
	position, err := f.queryPositionOnce(ctx, conn)
	if err == nil && !position.SameDatabase {
		f.log.WarnContext(ctx, "the database was restored from a dump; its recorded changes are forgotten")
		if err := f.bounded(ctx, f.config.StatementTimeout, conn.Settle); err != nil {
			return position, fmt.Errorf("settle the database: %w", err)
		}
		if position, err = f.queryPositionOnce(ctx, conn); err == nil && !position.SameDatabase {
			err = errUnsettled
		}
	}
	return position, err
}

func (f *Feed) queryPositionOnce(ctx context.Context, conn Conn) (position Position, err error) {
	sent := time.Now()
	err = f.bounded(ctx, f.config.StatementTimeout, func(ctx context.Context) error {
		position, err = conn.Poll(ctx, f.cursor, maxPolledChanges)
		return err
	})
	if err != nil {
		return position, fmt.Errorf("poll: %w", err)
	}
	f.strayed = f.strayed || position.Strayed
	f.metrics.polls.Inc()
	f.metrics.queueUsage.Set(position.QueueUsage)
	f.state.pollAnswered(sent, time.Now(), position.Now)
	switch {
	case position.InRecovery:
		return position, changefeed.ErrStandby
	case !position.Listening && f.listens():
		return position, errNotListening
	}
	return position, nil
}

// reloadReason says why everything must be read again, or "" if reading the changes
// since the cursor is enough.
func (f *Feed) reloadReason(position Position) string {
	now := time.Now()
	switch {
	case f.strayed:
		return reasonStrayed
	case f.cursor.IsZero():
		return reasonStart
	case position.Epoch != f.epoch:
		return reasonEpoch
	case f.cursor.NewerThan(position.Snapshot):
		return reasonRewound
	case position.Floor > f.cursor.Xmin():
		return reasonFloor
	case position.Triggers != f.triggers:
		return reasonTriggersAltered
	case f.lacksTriggers(position) && f.backlog.isEmpty() && now.Sub(f.reloaded) >= f.config.Heartbeat*8/10:
		return reasonTriggersDisabled
	case now.After(f.reloadAt):
		return reasonPeriodic
	}
	return ""
}

// lacksTriggers reports whether triggers are disabled or missing, so that changes may
// go unrecorded.
func (f *Feed) lacksTriggers(position Position) bool {
	return position.TriggersEnabled < f.config.MinTriggers
}

// catchUp brings memory from the cursor to the position.
func (f *Feed) catchUp(ctx context.Context, conn Conn, position Position, reason string) error {
	var w work
	switch reason {
	case "":
		w = f.applier.polled(position.Changes, position.Overflow, f.expectsNotifications(), time.Now())
		if w.whole() {
			reason = reasonWhole
		}
	case reasonEpoch, reasonStrayed, reasonRewound, reasonFloor:
		f.log.InfoContext(ctx, "forgetting everything held", "reason", reason)
		f.cursor = changefeed.Snapshot{} // if this fails, the next poll must reload as well
		f.backlog.clear()
		f.applier.reset()
		f.strayed = false
		w = f.applier.reload()
	default:
		w = f.applier.reload()
	}
	if err := f.do(ctx, conn, w); err != nil {
		return err
	}
	if reason != "" {
		f.metrics.reloads.WithLabelValues(reason).Inc()
		f.reloaded = time.Now()
		f.reloadAt = f.reloaded.Add(6*time.Hour + time.Duration(f.random()*float64(18*time.Hour)))
	}
	f.reportUnfounded(ctx, w.unfounded)
	return nil
}

// expectsNotifications reports whether every change since the cursor was, or still
// will be, notified on this connection.
func (f *Feed) expectsNotifications() bool { return !f.unpolled && !f.missed && !f.config.PollOnly }

// do reads what the work names and applies it. Of the players, which have no bound in size,
// it reads a first piece.
func (f *Feed) do(ctx context.Context, conn Conn, w work) error {
	if w.allBans {
		if err := f.loadBans(ctx, conn); err != nil {
			return err
		}
	} else if err := f.readBans(ctx, conn, w); err != nil {
		return err
	}
	if err := f.readTables(ctx, conn, w); err != nil {
		return err
	}
	if w.allPlayers {
		w.players = f.applier.players.All()
	}
	others := f.backlog.add(w, time.Now())
	if err := f.readPiece(ctx, conn); err != nil {
		return err
	}
	f.observe(others)
	return nil
}

// loadBans takes in all open bans. Own writes continue meanwhile: the cache itself keeps the
// changes that it received and that the load does not see.
func (f *Feed) loadBans(ctx context.Context, conn Conn) error {
	err := f.whileAnswered(ctx, conn, func(ctx context.Context) error {
		return f.applier.bans.LoadFrom(func(keep func(syncer.ActiveBan)) (changefeed.Snapshot, error) {
			return conn.LoadBans(ctx, keep)
		})
	})
	if err != nil {
		return fmt.Errorf("load bans: %w", err)
	}
	return nil
}

func (f *Feed) readBans(ctx context.Context, conn Conn, w work) error {
	for targets := range slices.Chunk(w.targets, maxKeysPerRead) {
		err := f.whileAnswered(ctx, conn, func(ctx context.Context) error {
			snapshot, open, err := conn.ReadBans(ctx, targets)
			if err == nil {
				f.applier.readBans(w, snapshot, targets, open)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("read bans: %w", err)
		}
	}
	return nil
}

// bounded runs one statement with a time limit.
func (f *Feed) bounded(ctx context.Context, limit time.Duration, statement func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return statement(ctx)
}

// found is what the last poll found, kept until memory is there.
type found struct {
	sent     time.Time
	position Position
	reason   string // why everything was read again, "" for no such reason
}

// reportCaughtUp makes known that memory is at the position of the last poll.
func (f *Feed) reportCaughtUp(ctx context.Context) {
	sent, position, reason := f.found.sent, f.found.position, f.found.reason
	f.found.reason = ""
	if reason != "" {
		f.log.Log(ctx, reloadLevel(reason), "read everything held", "reason", reason, "took", time.Since(sent))
	}
	warning := ""
	if f.lacksTriggers(position) {
		warning = fmt.Sprintf("triggers disabled or missing: %d of %d fire always, so changes go unrecorded and "+
			"everything is read again every %v; run the migrations, and alter table … enable always trigger … "+
			"for each feed_ trigger whose pg_trigger.tgenabled is not A",
			position.TriggersEnabled, f.config.MinTriggers, f.config.Heartbeat)
	}
	before := f.Status()
	f.state.caughtUp(sent, position.Epoch, warning)
	switch {
	case warning != "" && warning != before.Reason:
		f.log.WarnContext(ctx, "following without triggers", "reason", warning)
	case warning == "" && !before.Following:
		f.log.InfoContext(ctx, "following the database", "epoch", position.Epoch, "after", before.Reason)
	}
	if before.Current.IsZero() {
		close(f.ready)
	}
}

// reloadLevel keeps what happens at every heartbeat out of the log.
func reloadLevel(reason string) slog.Level {
	if reason == reasonTriggersDisabled {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// prune deletes old recorded changes. The age from which a sidecar prunes is random:
// of many sidecars one is first, and the others find nothing left to delete. Many are deleted
// in pieces, one at each poll.
func (f *Feed) prune(ctx context.Context, conn Conn, oldest time.Duration) {
	bound := time.Duration(float64(f.config.Keep) * (1 + f.random()))
	if oldest <= bound || time.Now().Before(f.pruneAfter) {
		return
	}
	err := f.bounded(ctx, f.config.ReloadTimeout, func(ctx context.Context) error {
		return conn.Prune(ctx, f.config.Keep)
	})
	if err != nil && ctx.Err() == nil {
		f.pruneAfter = time.Now().Add(f.config.Keep / 10)
		f.log.WarnContext(ctx, "cannot prune old changes; trying again later", "error", err)
	}
}
