package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
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
	conn      *pgx.Conn
	queries   *db.Queries
	servers   *primaries
	polled    bool
	received  *atomic.Int64 // bytes
	signature *signature
	keys      *keys         // learns the key too
	keyReadAt time.Time     // when the key was last read for the sake of a notification
	timeout   time.Duration // of that
}

// OpenFeed connects for following, apart from the pool and before it.
func (s *Store) OpenFeed(ctx context.Context) (*FeedConn, error) {
	config := s.feed.Copy()
	s.servers.prefer(ctx, config)
	var err error
	if config.ConnectTimeout, err = s.connector.enterFeed(ctx); err != nil {
		return nil, readError("connect", err)
	}
	received := countReceived(config)
	begun := time.Now()
	conn, err := pgx.ConnectConfig(ctx, config)
	s.connector.leave(time.Since(begun), err)
	if err != nil {
		return nil, readError("connect", redact(refusal(err, config)))
	}
	return &FeedConn{
		conn: conn, queries: db.New(conn), servers: s.servers, received: received, keys: &s.keys, timeout: s.timeout,
	}, nil
}

// countReceived lets connections count the bytes that they receive.
func countReceived(config *pgx.ConnConfig) *atomic.Int64 {
	received, dial := new(atomic.Int64), config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return counted{conn, received}, nil
	}
	return received
}

// counted is a connection that counts what it receives.
type counted struct {
	net.Conn
	received *atomic.Int64
}

// Read implements net.Conn.
func (c counted) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	c.received.Add(int64(n))
	return n, err
}

// Received returns how many bytes have come from the server. It may be called at any time.
func (c *FeedConn) Received() int64 { return c.received.Load() }

// Close ends the connection.
func (c *FeedConn) Close() {
	if c.polled {
		c.servers.lose()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.conn.Close(ctx) // it may be broken already
}

// Listen subscribes to notifications; when it returns, the subscription is
// committed, and the key that signs them is known.
func (c *FeedConn) Listen(ctx context.Context) error {
	if _, err := c.conn.Exec(ctx, "listen playersync"); err != nil {
		return readError("listen", err)
	}
	return c.ReadKey(ctx)
}

// ReadKey learns the key that signs notifications.
func (c *FeedConn) ReadKey(ctx context.Context) error {
	key, err := c.queries.FeedKey(ctx)
	if err != nil {
		return readError("read the key of notifications", err)
	}
	c.signature = newSignature(key)
	c.keys.set(key)
	return nil
}

// Wait returns the changes of the next notification, or ctx's error once it ends;
// the connection stays usable then. A notification that cannot be read, because a
// newer version sent it, comes as no changes and no error; one that is not signed
// with the key comes as [changefeed.ErrForged].
func (c *FeedConn) Wait(ctx context.Context) ([]changefeed.Change, error) {
	_, message, err := c.next(ctx)
	if err != nil {
		return nil, err
	}
	return decodeNotification(message), nil
}

// next returns the next notification that is signed with the key: as it was sent, and what
// it says.
func (c *FeedConn) next(ctx context.Context) (payload, message string, err error) {
	notification, err := c.conn.WaitForNotification(ctx)
	if err != nil {
		if ctx.Err() != nil && !c.conn.IsClosed() {
			return "", "", ctx.Err()
		}
		return "", "", readError("wait for notification", err)
	}
	message, genuine, err := c.verify(notification.Payload)
	if err == nil && !genuine {
		err = changefeed.ErrForged
	}
	return notification.Payload, message, err
}

// Decode returns the changes of a notification that came by another way, as Wait does. It
// asks the database nothing.
func (c *FeedConn) Decode(payload string) ([]changefeed.Change, error) {
	message, genuine := c.signature.open(payload)
	if !genuine {
		return nil, changefeed.ErrForged
	}
	return decodeNotification(message), nil
}

// Watch returns when the connection ends, or with ctx's error; the connection stays usable
// then. It is for a connection that does not listen. Decode may be called meanwhile.
func (c *FeedConn) Watch(ctx context.Context) error {
	for {
		if _, err := c.conn.WaitForNotification(ctx); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			return readError("wait", err)
		}
	}
}

// verify returns what a notification says and whether it is signed. For one that is not
// it reads the key again, which another sidecar or the owner may have replaced, but at
// most once in keyInterval.
func (c *FeedConn) verify(payload string) (message string, genuine bool, err error) {
	if message, genuine = c.signature.open(payload); genuine || time.Since(c.keyReadAt) < keyInterval {
		return message, genuine, nil
	}
	c.keyReadAt = time.Now()
	// Apart from the time that is left to wait: a statement cut short breaks the connection.
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	if err := c.ReadKey(ctx); err != nil {
		return "", false, err
	}
	message, genuine = c.signature.open(payload)
	return message, genuine, nil
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
		QueueUsage:      row.QueueUsage,
	}
	if p.Snapshot, err = changefeed.ParseSnapshot(row.Snapshot); err != nil {
		return changefeed.Position{}, fmt.Errorf("poll: %w", err)
	}
	if p.Changes, err = decodeChanges(string(row.Changes)); err != nil {
		return changefeed.Position{}, fmt.Errorf("poll: %w", err)
	}
	if len(p.Changes) > most || row.Overflow {
		p.Changes, p.Overflow = nil, true
	}
	if row.InRecovery {
		return p, nil
	}
	c.polled = true
	if p.Strayed, err = c.servers.follow(p.Epoch, row.Started, c.conn.PgConn()); err != nil {
		return changefeed.Position{}, fmt.Errorf("poll: %w", err)
	}
	return p, nil
}

// PlayerSizes returns about how many bytes are stored of each player that exists.
func (c *FeedConn) PlayerSizes(ctx context.Context, ids []syncer.PlayerID) (map[syncer.PlayerID]int64, error) {
	rows, err := c.queries.PlayerSizes(ctx, texts(ids))
	if err != nil {
		return nil, readError("read sizes", err)
	}
	sizes := make(map[syncer.PlayerID]int64, len(rows))
	for _, row := range rows {
		sizes[syncer.PlayerID(row.Uuid)] = row.Size
	}
	return sizes, nil
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
	err := c.oneSnapshot(ctx, syncer.EntityBan, func(queries *db.Queries) (err error) {
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
	err := c.oneSnapshot(ctx, syncer.EntityBan, func(queries *db.Queries) (err error) {
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

// oneSnapshot runs several reads of a table that see the same state. TRUNCATE does not keep
// to snapshots: what was truncated looks empty to older ones, whatever it holds by then. So
// the table is locked first, as each read locks it, and the snapshot is taken then; a single
// statement has that order by itself.
func (c *FeedConn) oneSnapshot(ctx context.Context, table syncer.Entity, read func(*db.Queries) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, c.conn, options, func(tx pgx.Tx) error {
		lock := "lock table " + pgx.Identifier{string(table)}.Sanitize() + " in access share mode"
		if _, err := tx.Exec(ctx, lock); err != nil {
			return err
		}
		return read(c.queries.WithTx(tx))
	})
}

// Settle forgets transaction ids and the key that came here inside a dump.
func (c *FeedConn) Settle(ctx context.Context) error {
	if _, err := c.queries.Settle(ctx); err != nil || c.signature == nil {
		return writeError("settle feed", err)
	}
	return c.ReadKey(ctx)
}

// prunedAtOnce is how many rows one statement deletes, so that it ends in time however many
// there are.
const prunedAtOnce = 10_000

// Prune deletes some of the changes older than keep, and of the batch ids that nobody can send
// again.
func (c *FeedConn) Prune(ctx context.Context, keep time.Duration) error {
	age := pgtype.Interval{Microseconds: keep.Microseconds(), Valid: true}
	if _, err := c.queries.PruneChanges(ctx, db.PruneChangesParams{Keep: age, Most: prunedAtOnce}); err != nil {
		return writeError("prune changes", err)
	}
	_, err := c.queries.PruneBatches(ctx, prunedAtOnce)
	return writeError("prune batches", err)
}
