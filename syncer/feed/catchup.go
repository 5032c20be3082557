package feed

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

const (
	mostChanges = 4096 // per poll; more make it read everything held
	chunk       = 500  // keys read in one statement
)

// Why everything was read again; values of a metric's label.
const (
	reasonStart     = "start"
	reasonEpoch     = "epoch"
	reasonRewound   = "rewound"
	reasonFloor     = "floor"
	reasonTriggers  = "triggers_altered"
	reasonUnguarded = "triggers_disabled"
	reasonPeriodic  = "periodic"
	reasonWhole     = "whole_table" // only the tables concerned
)

// poll asks the database where it is, brings memory there and then, last of all,
// moves the cursor.
func (f *Feed) poll(ctx context.Context, conn Conn) error {
	sent := time.Now()
	position, err := f.ask(ctx, conn)
	if err != nil {
		return err
	}
	reason := f.reloadReason(position)
	if err := f.catchUp(ctx, conn, position, reason); err != nil {
		return err
	}
	f.applier.cover(position.Snapshot)
	f.cursor, f.epoch, f.triggers = position.Snapshot, position.Epoch, position.Triggers
	f.settled(ctx, sent, position, reason)
	f.prune(ctx, conn, position.Oldest)
	f.schedule()
	return nil
}

// ask polls, and refuses a connection that cannot be followed.
func (f *Feed) ask(ctx context.Context, conn Conn) (Position, error) {
	position, err := f.position(ctx, conn)
	if err == nil && !position.AtHome {
		f.log.WarnContext(ctx, "the database was restored from a dump; its recorded changes are forgotten")
		if err := f.bounded(ctx, f.config.StatementTimeout, conn.Settle); err != nil {
			return position, fmt.Errorf("settle the database: %w", err)
		}
		if position, err = f.position(ctx, conn); err == nil && !position.AtHome {
			err = errUnsettled
		}
	}
	return position, err
}

func (f *Feed) position(ctx context.Context, conn Conn) (position Position, err error) {
	sent := time.Now()
	err = f.bounded(ctx, f.config.StatementTimeout, func(ctx context.Context) error {
		position, err = conn.Poll(ctx, f.cursor, mostChanges)
		return err
	})
	if err != nil {
		return position, fmt.Errorf("poll: %w", err)
	}
	f.metrics.polls.Inc()
	f.state.pollAnswered(sent, time.Now(), position.Now)
	switch {
	case position.InRecovery:
		return position, errStandby
	case !position.Listening && !f.config.PollOnly:
		return position, errDeaf
	}
	return position, nil
}

// reloadReason says why the cursor is not enough, or "".
func (f *Feed) reloadReason(position Position) string {
	now := time.Now()
	switch {
	case f.cursor.IsZero():
		return reasonStart
	case position.Epoch != f.epoch:
		return reasonEpoch
	case f.cursor.NewerThan(position.Snapshot):
		return reasonRewound
	case position.Floor > f.cursor.Xmin():
		return reasonFloor
	case position.Triggers != f.triggers:
		return reasonTriggers
	case f.unguarded(position) && now.Sub(f.reloaded) >= f.config.Heartbeat*8/10:
		return reasonUnguarded
	case now.After(f.reloadAt):
		return reasonPeriodic
	}
	return ""
}

// unguarded reports whether changes may go unrecorded.
func (f *Feed) unguarded(position Position) bool {
	return position.TriggersEnabled < f.config.MinTriggers
}

// catchUp brings memory from the cursor to the position.
func (f *Feed) catchUp(ctx context.Context, conn Conn, position Position, reason string) error {
	var w work
	switch reason {
	case "":
		w = f.applier.found(position.Changes, position.Overflow, f.watched(), time.Now())
		if w.whole() {
			reason = reasonWhole
		}
	case reasonEpoch, reasonRewound, reasonFloor:
		f.log.InfoContext(ctx, "forgetting everything held", "reason", reason)
		f.cursor = changefeed.Snapshot{} // what comes next must not be mistaken for a small step
		f.applier.reset()
		w = everything()
	default:
		w = everything()
	}
	if err := f.do(ctx, conn, w); err != nil {
		return err
	}
	if reason != "" {
		f.metrics.reloads.WithLabelValues(reason).Inc()
	}
	f.observe(w.news)
	return nil
}

// watched reports whether what became visible since the cursor must have been
// notified on this connection.
func (f *Feed) watched() bool { return !f.fresh && !f.config.PollOnly }

// do reads what the work names and applies it.
func (f *Feed) do(ctx context.Context, conn Conn, w work) error {
	if w.allBans {
		if err := f.loadBans(ctx, conn); err != nil {
			return err
		}
	} else if err := f.readBans(ctx, conn, w); err != nil {
		return err
	}
	if w.allPlayers {
		w.players = f.applier.players.All()
	}
	if err := f.readPlayers(ctx, conn, w); err != nil {
		return err
	}
	if err := f.readTables(ctx, conn, w); err != nil {
		return err
	}
	if w.whole() {
		f.applier.resync()
	}
	return nil
}

func (f *Feed) loadBans(ctx context.Context, conn Conn) error {
	var open []syncer.ActiveBan
	var snapshot changefeed.Snapshot
	err := f.bounded(ctx, f.config.ReloadTimeout, func(ctx context.Context) (err error) {
		snapshot, err = conn.LoadBans(ctx, func(s syncer.ActiveBan) { open = append(open, s) })
		return err
	})
	if err != nil {
		return fmt.Errorf("load bans: %w", err)
	}
	f.applier.loadBans(snapshot, open)
	return nil
}

func (f *Feed) readBans(ctx context.Context, conn Conn, w work) error {
	for targets := range slices.Chunk(w.targets, chunk) {
		err := f.bounded(ctx, f.config.StatementTimeout, func(ctx context.Context) error {
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

func (f *Feed) readPlayers(ctx context.Context, conn Conn, w work) error {
	for ids := range slices.Chunk(w.players, chunk) {
		err := f.bounded(ctx, f.config.StatementTimeout, func(ctx context.Context) error {
			readings, err := conn.ReadPlayers(ctx, ids)
			if err == nil {
				f.applier.readPlayers(w, readings)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("read players: %w", err)
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

// settled makes known that memory is at the position.
func (f *Feed) settled(ctx context.Context, sent time.Time, position Position, reason string) {
	now := time.Now()
	if reason != "" {
		f.reloaded = now
		f.reloadAt = now.Add(6*time.Hour + time.Duration(f.random()*float64(18*time.Hour)))
		f.log.Log(ctx, reloadLevel(reason), "read everything held", "reason", reason, "took", now.Sub(sent))
	}
	complaint := ""
	if f.unguarded(position) {
		complaint = fmt.Sprintf("triggers disabled or missing: %d of %d fire always, so changes go unrecorded and everything is "+
			"read again every %v; run the migrations, and alter table … enable always trigger … for each feed_ trigger "+
			"whose pg_trigger.tgenabled is not A",
			position.TriggersEnabled, f.config.MinTriggers, f.config.Heartbeat)
	}
	before := f.Status()
	f.state.caughtUp(sent, position.Epoch, complaint)
	switch {
	case complaint != "" && complaint != before.Reason:
		f.log.WarnContext(ctx, "following without triggers", "reason", complaint)
	case complaint == "" && !before.Following:
		f.log.InfoContext(ctx, "following the database", "epoch", position.Epoch, "after", before.Reason)
	}
	if before.Current.IsZero() {
		close(f.ready)
	}
	f.fresh = false
}

// reloadLevel keeps what happens at every heartbeat out of the log.
func reloadLevel(reason string) slog.Level {
	if reason == reasonUnguarded {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// prune deletes old recorded changes. In a crowd of sidecars the random bound lets
// one of them be first; it finds nothing left to do for the others.
func (f *Feed) prune(ctx context.Context, conn Conn, oldest time.Duration) {
	bound := time.Duration(float64(f.config.Keep) * (1 + f.random()))
	if oldest <= bound || time.Now().Before(f.pruneAfter) {
		return
	}
	err := f.bounded(ctx, f.config.ReloadTimeout, func(ctx context.Context) error { return conn.Prune(ctx, f.config.Keep) })
	if err != nil && ctx.Err() == nil {
		f.pruneAfter = time.Now().Add(f.config.Keep / 10)
		f.log.WarnContext(ctx, "cannot prune old changes; trying again later", "error", err)
	}
}
