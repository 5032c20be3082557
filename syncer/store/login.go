package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"playersync/db"
	"playersync/syncer"
)

// SignIn connects to the database as somebody else, to see whether that is his password, and
// returns what his login may see and do. The connection is closed at once and the password
// is not kept. False means that name and password do not belong together. A server that lets
// the login in without asking for the password, as with trust or peer in pg_hba.conf, counts
// as false too. Error: database_unavailable.
func (s *Store) SignIn(ctx context.Context, name, password string) (rights syncer.Rights, ok bool, err error) {
	if name == "" || password == "" || strings.Contains(name+password, "\x00") {
		return rights, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	c := s.feed.Copy()
	c.User, c.Password = name, password
	c.RequireAuth = passwordAuth(c.RequireAuth)
	c.RuntimeParams["application_name"] = "playersync sign-in"
	conn, err := pgx.ConnectConfig(ctx, c)
	if isRefusedLogin(err) {
		return rights, false, nil
	}
	if err != nil {
		return rights, false, readError("sign in", redact(refusal(err, c)))
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(closing) // nothing was written
	}()
	rights, err = rightsOf(ctx, db.New(conn), name)
	return rights, err == nil, err
}

// Rights returns what a login may see and do now: nothing if there is no such login any more.
// Error: database_unavailable.
func (s *Store) Rights(ctx context.Context, name string) (syncer.Rights, error) {
	return rightsOf(ctx, s.queries, name)
}

func rightsOf(ctx context.Context, queries *db.Queries, name string) (syncer.Rights, error) {
	row, err := queries.LoginRights(ctx, name)
	if errors.Is(err, pgx.ErrNoRows) {
		return syncer.Rights{}, nil
	}
	return syncer.Rights{
		See: row.See || row.Act, Act: row.Act, Addresses: row.Addresses || row.Act,
	}, readError("read rights of a login", err)
}

// passwordAuth returns the ways in which a server must ask for a password, of those that a
// connection URL allows: a login that is let in without one is nobody's.
func passwordAuth(allowed string) string {
	var ways []string
	for way := range strings.SplitSeq(allowed, ",") {
		switch way = strings.TrimSpace(way); way {
		case "password", "md5", "scram-sha-256":
			ways = append(ways, way)
		}
	}
	if ways == nil {
		return defaultAuth
	}
	return strings.Join(ways, ",")
}

// isRefusedLogin reports whether a server has refused a login, or has not asked for its
// password.
func isRefusedLogin(err error) bool {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(refused.Code, "28") || refused.Code == "42501"
	}
	return err != nil && strings.Contains(err.Error(), "authentication method requirement")
}
