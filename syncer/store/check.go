package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/db"
)

// ServerCheck is what a server says of itself, asked through the pool.
type ServerCheck struct {
	VersionNumber    int           // e.g. 150004
	Version          string        // e.g. "15.4"
	InRecovery       bool          // a standby
	ClockOffset      time.Duration // how far its clock is ahead of ours, within half the RoundTrip
	RoundTrip        time.Duration // of one statement on an open connection
	QueueUsage       float64       // share of the notification queue that is full, 0 to 1
	PublicMayConnect bool          // everyone who can log in may LISTEN
	Transport        Transport     // of that connection
	Pooler           bool          // something between us and the server hands out its connections
}

// CheckServer asks the server about itself. It needs no schema.
func (s *Store) CheckServer(ctx context.Context) (ServerCheck, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return ServerCheck{}, readError("connect", redact(err))
	}
	defer conn.Release()
	queries := db.New(conn)
	if _, err := queries.CheckServer(ctx); err != nil { // prepares the statement, so that the next one is quick
		return ServerCheck{}, readError("check server", err)
	}
	asked := time.Now()
	row, err := queries.CheckServer(ctx)
	if err != nil {
		return ServerCheck{}, readError("check server", err)
	}
	took := time.Since(asked)
	return ServerCheck{
		VersionNumber: int(row.VersionNumber), Version: row.Version, InRecovery: row.InRecovery,
		ClockOffset: row.Now.Time.Sub(asked.Add(took / 2)), RoundTrip: took,
		QueueUsage: row.QueueUsage, PublicMayConnect: row.PublicMayConnect,
		Transport: transportOf(conn.Conn().PgConn().Conn(), conn.Conn().Config()),
		Pooler:    isPooled(conn.Conn(), row.Backend),
	}, nil
}

// isPooled reports whether the process that answers is another than the one
// that the connection was greeted by: poolers hand out keys of their own.
func isPooled(conn *pgx.Conn, backend int32) bool {
	return conn.PgConn().PID() != uint32(backend)
}

// PrivilegeCheck is what a login may do.
type PrivilegeCheck struct {
	Login    string
	Missing  []string // rights that a sidecar needs and the login lacks, e.g. "insert on ban"
	MayAlter bool     // the login could alter the schema
}

// CheckPrivileges asks what the login may do with the schema's tables.
func (s *Store) CheckPrivileges(ctx context.Context) (PrivilegeCheck, error) {
	row, err := s.queries.CheckPrivileges(ctx)
	check := PrivilegeCheck{Login: row.Login, Missing: row.Missing, MayAlter: row.MayAlter}
	return check, readError("check privileges", err)
}

// NotifyCheck is how notifications arrive on the connection that listens.
type NotifyCheck struct {
	Pooler bool          // the listening connection leads through a pooler
	Lost   bool          // a notification did not arrive
	Median time.Duration // from before it was sent to its receipt
}

// notifyRounds is how many notifications CheckNotify sends.
const notifyRounds = 9

// CheckNotify listens on a connection like the feed's and sends notifications
// through the pool. It needs no schema.
func (s *Store) CheckNotify(ctx context.Context) (NotifyCheck, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	feed, err := s.OpenFeed(ctx)
	if err != nil {
		return NotifyCheck{}, err
	}
	defer feed.Close()
	server, err := feed.queries.CheckServer(ctx)
	if err != nil {
		return NotifyCheck{}, readError("check server", err)
	}
	check := NotifyCheck{Pooler: isPooled(feed.conn, server.Backend)}
	channel := "playersync_check_" + rand.Text()
	if _, err := feed.conn.Exec(ctx, "listen "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return NotifyCheck{}, readError("listen", err)
	}
	times := make([]time.Duration, notifyRounds)
	for i := range times {
		sent := time.Now()
		params := db.CheckNotifyParams{Channel: channel, Payload: strconv.Itoa(i)}
		if err := s.queries.CheckNotify(ctx, params); err != nil {
			return NotifyCheck{}, readError("notify", err)
		}
		if _, err := feed.conn.WaitForNotification(ctx); err != nil {
			if ctx.Err() != nil {
				check.Lost = true
				return check, nil
			}
			return NotifyCheck{}, readError("wait for notification", err)
		}
		times[i] = time.Since(sent)
	}
	slices.Sort(times)
	check.Median = times[len(times)/2]
	return check, nil
}

// Now returns the time by the database's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	now, err := s.queries.Now(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("read database clock: %w", readError("now", err))
	}
	return now.Time, nil
}
