package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// backlogLogInterval is the time between two warnings of one backlog.
const backlogLogInterval = 10 * time.Second

// errStalled ends a statement of whose answer no byte came for a while.
var errStalled = errors.New("the database or the network is too slow or stuck")

// readPiece reads the next piece of the backlog, if there is one.
func (f *Feed) readPiece(ctx context.Context, conn Conn) error {
	if err := f.askSizes(ctx, conn); err != nil {
		return err
	}
	piece := f.backlog.next(time.Now())
	if len(piece) == 0 {
		return nil
	}
	began := time.Now()
	var readings []changefeed.VersionedPlayer
	err := f.whileAnswered(ctx, conn, func(ctx context.Context) (err error) {
		readings, err = conn.ReadPlayers(ctx, piece)
		return err
	})
	if err != nil {
		err = fmt.Errorf("read %s: %w", f.describe(piece), err)
		if ctx.Err() == nil && f.backlog.failed(piece, time.Now()) {
			f.applier.players.Outdate(piece[0], nil)
			f.log.ErrorContext(ctx, "a player cannot be read and is set aside; the database answers who asks for him",
				"player", piece[0], "next_try_in", asidePause, "error", err)
		}
		return err
	}
	f.observe(f.applier.readPlayers(f.backlog.debts, readings))
	f.backlog.paid(piece, time.Since(began))
	return nil
}

// askSizes learns how large the players are that are read next.
func (f *Feed) askSizes(ctx context.Context, conn Conn) error {
	ids := f.backlog.unsized()
	if len(ids) == 0 {
		return nil
	}
	return f.whileAnswered(ctx, conn, func(ctx context.Context) error {
		sizes, err := conn.PlayerSizes(ctx, ids)
		if err != nil {
			return fmt.Errorf("ask for the sizes of players: %w", err)
		}
		f.backlog.learn(ids, sizes)
		return nil
	})
}

// describe says how much a piece is and how much is left with it.
func (f *Feed) describe(piece []syncer.PlayerID) string {
	players, size := f.backlog.left()
	return fmt.Sprintf("%s of %d of %d changed players (%s)",
		megabytes(f.backlog.sizeOf(piece...)), len(piece), players, megabytes(size))
}

func megabytes(size int64) string { return fmt.Sprintf("%.1f MB", float64(size)/1e6) }

// workOff reads a piece of the backlog and takes in what has arrived meanwhile.
func (f *Feed) workOff(ctx context.Context, conn Conn) error {
	if err := f.readPiece(ctx, conn); err != nil {
		return err
	}
	if err := f.takeArrived(ctx, conn); err != nil {
		return err
	}
	if !time.Now().Before(f.due) {
		return f.poll(ctx, conn)
	}
	f.settle(ctx)
	return nil
}

// takeArrived applies the notifications that are there, without waiting for more.
func (f *Feed) takeArrived(ctx context.Context, conn Conn) error {
	ended, end := context.WithCancel(ctx)
	end()
	for {
		switch changes, err := f.receive(ended, conn); {
		case f.takes(ctx, changes, err):
		case errors.Is(err, context.Canceled):
			return nil
		default:
			return fmt.Errorf("wait for notifications: %w", err)
		}
	}
}

// settle makes known that memory is at the position of the last poll, or how far it is
// from there.
func (f *Feed) settle(ctx context.Context) {
	if !f.backlog.isEmpty() {
		f.reportBehind(ctx)
		return
	}
	if f.backlog.resync {
		f.backlog.resync = false
		f.applier.resync()
	}
	f.reportCaughtUp(ctx)
}

// reportBehind makes known that reading what changed takes long, again and again while it
// does.
func (f *Feed) reportBehind(ctx context.Context) {
	now := time.Now()
	if now.Sub(f.backlog.began) < f.config.StatementTimeout {
		return
	}
	players, size := f.backlog.left()
	reason := fmt.Sprintf("reading %s of players that changed takes longer than %v; %d players are left",
		megabytes(f.backlog.total), f.config.StatementTimeout, players)
	f.state.lost(reason)
	if now.Sub(f.backlog.toldAt) < backlogLogInterval {
		return
	}
	f.backlog.toldAt = now
	f.log.WarnContext(ctx, "memory is behind; what else changes arrives meanwhile",
		"reason", reason, "left", megabytes(size), "since", now.Sub(f.backlog.began).Round(time.Millisecond))
}

// whileAnswered runs a statement for as long as bytes of its answer keep coming: how large
// that is has no bound.
func (f *Feed) whileAnswered(ctx context.Context, conn Conn, statement func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		limit := f.config.StatementTimeout
		ticker := time.NewTicker(limit)
		defer ticker.Stop()
		for received := conn.Received(); ; {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
			before := received
			if received = conn.Received(); received == before {
				cancel(fmt.Errorf("no byte of the answer came for %v: %w", limit, errStalled))
				return
			}
		}
	}()
	err := statement(ctx)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errStalled) {
		return cause
	}
	return err
}
