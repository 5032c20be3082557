package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"playersync/syncer"
)

// OnNotice has all connections made from now on give the server's notices to
// the handler. It must come before the first use.
func (s *Store) OnNotice(handle pgconn.NoticeHandler) error {
	config := s.pool.Config()
	config.ConnConfig.OnNotice = handle
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return err
	}
	s.pool.Close()
	s.use(pool)
	s.notifier.queries = s.queries
	s.feed.OnNotice = handle
	return nil
}

// Fill opens so many sessions of the pool.
func (s *Store) Fill(ctx context.Context, sessions int) error {
	for range sessions {
		conn, err := s.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
	}
	return nil
}

// DecodeActiveBans decodes a binary COPY of bans that arrives in the given pieces.
func DecodeActiveBans(pieces [][]byte) ([]syncer.ActiveBan, error) {
	var bans []syncer.ActiveBan
	reader := activeBanReader{keep: func(ban syncer.ActiveBan) { bans = append(bans, ban) }}
	for _, piece := range pieces {
		if _, err := reader.Write(piece); err != nil {
			return bans, err
		}
	}
	return bans, reader.end()
}

// WriteError translates the error of a write.
var WriteError = writeError

// ParseConfig reads a connection URL as the store does.
var ParseConfig = parseConfig

// OpenSignature returns a function that tells whether a payload is signed with the key.
func OpenSignature(key []byte) func(payload string) (message string, genuine bool) {
	return newSignature(key).open
}

// Connector decides when connections are opened.
type Connector = connector

// NewConnector returns one whose delays are as long as they get.
func NewConnector(patience time.Duration) *Connector {
	c := newConnector(patience)
	c.random = func() float64 { return 1 }
	return c
}

// EnterFeed waits until the feed may open a connection.
func (c *connector) EnterFeed(ctx context.Context) (time.Duration, error) { return c.enterFeed(ctx) }

// EnterPool waits until the pool may open one.
func (c *connector) EnterPool(ctx context.Context) (time.Duration, error) { return c.enterPool(ctx) }

// Leave says how opening it went.
func (c *connector) Leave(took time.Duration, err error) { c.leave(took, err) }

// VisitPosition returns the position that a text stands for as it is written.
func VisitPosition(after string) (string, error) {
	position, err := decodeVisitPosition(after)
	return position.encode(), err
}
