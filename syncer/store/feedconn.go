package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"playersync/db"
	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// FeedConn is one direct connection that follows the database. It is used by one
// goroutine at a time.
type FeedConn struct {
	conn    *pgx.Conn
	queries *db.Queries
}

// OpenFeed connects for following, apart from the pool.
func (s *Store) OpenFeed(ctx context.Context) (*FeedConn, error) {
	conn, err := pgx.ConnectConfig(ctx, s.feed.Copy())
	if err != nil {
		return nil, readError("connect", redact(err))
	}
	return &FeedConn{conn: conn, queries: db.New(conn)}, nil
}

// Close ends the connection.
func (c *FeedConn) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.conn.Close(ctx) // it may be broken already
}

// Listen subscribes to notifications; when it returns, the subscription is
// committed.
func (c *FeedConn) Listen(ctx context.Context) error {
	_, err := c.conn.Exec(ctx, "listen playersync")
	return readError("listen", err)
}

// Wait returns the changes of the next notification, or ctx's error once it ends;
// the connection stays usable then. A notification that cannot be read, because
// somebody else sent it or a newer version did, comes as no changes and no error.
func (c *FeedConn) Wait(ctx context.Context) ([]changefeed.Change, error) {
	notification, err := c.conn.WaitForNotification(ctx)
	if err != nil {
		if ctx.Err() != nil && !c.conn.IsClosed() {
			return nil, ctx.Err()
		}
		return nil, readError("wait for notification", err)
	}
	changes, err := decodeChanges(notification.Payload)
	if err != nil {
		return nil, nil //nolint:nilerr // the poll that follows reads the truth
	}
	return changes, nil
}

// Poll returns where the feed stands and up to most changes that became visible
// since the cursor.
func (c *FeedConn) Poll(ctx context.Context, cursor changefeed.Snapshot, most int) (changefeed.Position, error) {
	from := cursor.String()
	if cursor.IsZero() {
		from, most = "1:1:", 0 // the caller reads everything anyway
	}
	row, err := c.queries.Poll(ctx, db.PollParams{Cursor: from, Most: int32(most) + 1})
	if errors.Is(err, pgx.ErrNoRows) {
		return changefeed.Position{}, errors.New("poll: the table feed has lost its row; run the migrations down " +
			"and up, or insert it again")
	}
	if err != nil {
		return changefeed.Position{}, readError("poll", err)
	}
	p := changefeed.Position{
		Now:             row.Now.Time,
		Epoch:           changefeed.Epoch(row.Epoch),
		SameDatabase:    row.SameDatabase,
		InRecovery:      row.InRecovery,
		Listening:       row.Listening,
		Floor:           row.Floor,
		Triggers:        row.TriggerSignature,
		TriggersEnabled: int(row.TriggersEnabled),
		Oldest:          time.Duration(row.OldestSeconds * float64(time.Second)),
	}
	if p.Snapshot, err = changefeed.ParseSnapshot(row.Snapshot); err != nil {
		return changefeed.Position{}, fmt.Errorf("poll: %w", err)
	}
	if p.Changes, err = decodeChanges(string(row.Changes)); err != nil {
		return changefeed.Position{}, fmt.Errorf("poll: %w", err)
	}
	if len(p.Changes) > most {
		p.Changes, p.Overflow = nil, true
	}
	return p, nil
}

// ReadPlayers is [Store.ReadPlayers] on this connection.
func (c *FeedConn) ReadPlayers(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
	return readPlayers(ctx, c.queries, ids)
}

// ReadBans returns which of the targets have an open ban, and the snapshot of
// the read.
func (c *FeedConn) ReadBans(
	ctx context.Context, targets []syncer.Target,
) (changefeed.Snapshot, []syncer.ActiveBan, error) {
	var params db.OpenBansParams
	for _, target := range targets {
		if target.ID != "" {
			params.Uuids = append(params.Uuids, string(target.ID))
		} else {
			params.Ips = append(params.Ips, target.Prefix)
		}
	}
	var snapshot string
	var rows []db.OpenBansRow
	err := c.oneSnapshot(ctx, func(queries *db.Queries) (err error) {
		if snapshot, err = queries.Snapshot(ctx); err != nil {
			return err
		}
		rows, err = queries.OpenBans(ctx, params)
		return err
	})
	if err != nil {
		return changefeed.Snapshot{}, nil, readError("read bans", err)
	}
	open := make([]syncer.ActiveBan, len(rows))
	for i, row := range rows {
		open[i] = syncer.ActiveBan{
			Target: targetOf(row.Uuid, row.Ip), ExpiresAt: timeOf(row.ExpiresAt), Revision: row.Revision,
		}
	}
	seen, err := changefeed.ParseSnapshot(snapshot)
	return seen, open, err
}

// LoadBans gives every open ban to keep, by binary COPY, and returns the snapshot
// of the read.
func (c *FeedConn) LoadBans(ctx context.Context, keep func(syncer.ActiveBan)) (changefeed.Snapshot, error) {
	var snapshot string
	err := c.oneSnapshot(ctx, func(queries *db.Queries) (err error) {
		if snapshot, err = queries.Snapshot(ctx); err != nil {
			return err
		}
		copied := activeBanReader{keep: keep}
		if _, err = c.conn.PgConn().CopyTo(ctx, &copied, copyActiveBans); err != nil {
			return err
		}
		return copied.end()
	})
	if err != nil {
		return changefeed.Snapshot{}, readError("load bans", err)
	}
	return changefeed.ParseSnapshot(snapshot)
}

// oneSnapshot runs several reads that see the same state.
func (c *FeedConn) oneSnapshot(ctx context.Context, read func(*db.Queries) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, c.conn, options, func(tx pgx.Tx) error { return read(c.queries.WithTx(tx)) })
}

// Settle forgets transaction ids that came here inside a dump.
func (c *FeedConn) Settle(ctx context.Context) error {
	_, err := c.queries.Settle(ctx)
	return writeError("settle feed", err)
}

// Prune deletes changes older than keep, and batch ids that nobody can send
// again.
func (c *FeedConn) Prune(ctx context.Context, keep time.Duration) error {
	age := pgtype.Interval{Microseconds: keep.Microseconds(), Valid: true}
	if _, err := c.queries.PruneChanges(ctx, age); err != nil {
		return writeError("prune changes", err)
	}
	_, err := c.queries.PruneBatches(ctx)
	return writeError("prune batches", err)
}
