package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// workload is random traffic: people with psql and game servers, all at once.
type workload struct {
	t      testing.TB
	url    string        // of the database, past any proxy
	people *pgxpool.Pool // their connections to it: a new one compiles all triggers again
	nodes  []*node
	cast   cast
	quiet  bool // take no lock on a whole table
}

func newWorkload(t testing.TB, url string, nodes ...*node) workload {
	t.Helper()
	people, err := pgxpool.New(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(people.Close)
	return workload{t: t, url: url, people: people, nodes: nodes, cast: everyone()}
}

// everyone is the cast of the random traffic: players that are on both servers, one
// that is only looked at and one that comes to exist.
func everyone() cast {
	c := cast{players: []string{"only/looked at", "not yet"}}
	for i := range 6 {
		c.players = append(c.players, fmt.Sprintf("player/%d+==", i))
	}
	c.ids = append(c.ids, c.players...)
	for i := range 4 {
		c.ips = append(c.ips, fmt.Sprintf("192.0.2.%d", i+1), fmt.Sprintf("2001:db8::%d", i+1))
	}
	return c
}

// populate puts the cast on every server.
func populate(c cast, nodes ...*node) {
	for _, n := range nodes {
		for _, id := range c.players[2:] {
			n.join(id, id)
		}
		for _, id := range c.players[:2] {
			n.get(player(id))
		}
	}
}

// start begins operations by two people and on every node; the channel is closed
// when all are through.
func (w workload) start(operations int) <-chan struct{} {
	var group errgroup.Group
	for range 2 {
		group.Go(func() error { return w.person(operations) })
	}
	for _, n := range w.nodes {
		group.Go(func() error { return w.gameServer(n, operations) })
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := group.Wait(); err != nil {
			w.t.Error(err)
		}
	}()
	return done
}

// faultRounds is how often a fault comes again: a number, so that a slow machine has no more
// to do than a fast one.
const faultRounds = 2

// during runs the fault again and again while there is traffic.
func (w workload) during(operations int, fault func(round int)) {
	w.amid(operations, func() {
		for round := range faultRounds {
			fault(round)
		}
	})
}

// amid runs the fault once while there is traffic.
func (w workload) amid(operations int, fault func()) {
	done := w.start(operations)
	defer func() { <-done }()
	fault()
}

func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// person edits rows by hand, and connects again when thrown out.
func (w workload) person(operations int) error {
	ctx := context.Background()
	for range operations {
		conn, err := w.people.Acquire(ctx)
		if err != nil {
			continue // the server is away
		}
		sql := w.statement()
		if _, err = conn.Exec(ctx, sql); err != nil {
			_ = conn.Conn().Close(ctx) // a transaction may be open
		}
		conn.Release()
		if err != nil && !isFault(err) {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// isFault reports whether an error comes from what the test does to the database,
// rather than from the statement.
func isFault(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return !ok || refused.Code[:2] == "57" || refused.Code == "40P01" || refused.Code == "25006"
}

// statement returns one that a person may type.
func (w workload) statement() string {
	who, n := pick(w.cast.players[1:]), rand.IntN(1000)
	ip := pick(w.cast.ips)
	statements := []string{
		`update player set rank = 'rank %[2]d' where uuid = '%[1]s'`,
		`update player set flags = '{flag %[2]d}', unmute_time = now() + interval '1 day' where uuid = '%[1]s'`,
		`update player set attributes = jsonb_build_object('shop', repeat('x', 10 * %[2]d)) where uuid = '%[1]s'`,
		`update player set language = 'l%[2]d'
			where uuid in (select uuid from player where uuid like 'player/%%' order by uuid for update)`,
		`insert into player_history (uuid, action)
			select uuid, 'action %[2]d' from player where uuid = '%[1]s' for update`,
		`update player_history set action = 'rewritten %[2]d'
			where (uuid, time) in (select uuid, max(time) from player_history where uuid = '%[1]s' group by uuid)`,
		`delete from player_history where uuid = '%[1]s' and %[2]d < 300`,
		`insert into currency (name) values ('coins'), ('gems') on conflict do nothing`,
		`insert into balance (uuid, currency, amount)
			select p.uuid, c.name, %[2]d from player as p, currency as c where p.uuid = '%[1]s' for update of p
			on conflict (uuid, currency) do update set amount = excluded.amount`,
		`update balance set amount = %[2]d where uuid = '%[1]s'`,
		`update balance set amount = amount + %[2]d
			where (uuid, currency) in (
				select uuid, currency from balance where uuid like 'player/%%' order by uuid, currency for update
			)`,
		`delete from balance where uuid = '%[1]s' and currency = 'gems'`,
		`begin;
			delete from player where uuid = '%[1]s';
			insert into player (uuid, name) values ('%[1]s', 'again %[2]d') on conflict do nothing;
			commit`,
		`delete from player where uuid = '%[1]s'`,
		`insert into player (uuid, name) values ('%[1]s', 'new %[2]d')
			on conflict (uuid) do update set name = 'upserted %[2]d'`,
		`begin;
			update player set rank = 'never' where uuid = '%[1]s';
			insert into ban (uuid) values ('never');
			rollback`,
		`begin;
			update player set rank = 'kept %[2]d' where uuid = '%[1]s';
			savepoint s;
			delete from ban;
			rollback to s;
			commit`,
		`insert into ban (uuid) values ('%[1]s') on conflict do nothing`,
		`insert into ban (ip, expires_at) values ('%[3]s', now() + interval '1 hour' * (1 + %[2]d))
			on conflict do nothing`,
		`insert into ban (ip) values ('192.0.2.0/29'), ('2001:db8::/32') on conflict do nothing`,
		`update ban set expires_at = now() + interval '1 day' * (1 + %[2]d) where uuid = '%[1]s' and lifted_at is null`,
		`update ban set lifted_at = clock_timestamp() where ip = '%[3]s' and lifted_at is null`,
		`delete from ban where uuid = '%[1]s' or ip = '%[3]s'`,
		`delete from ban where masklen(ip) in (29, 32)`,
	}
	if n < 10 && !w.quiet {
		return `truncate ban`
	}
	return fmt.Sprintf(pick(statements)+`; -- %[1]s %[2]d %[3]s`, who, n, ip)
}

// gameServer asks one sidecar for what a game server asks.
func (w workload) gameServer(n *node, operations int) error {
	for range operations {
		method, path, body := w.request()
		a, err := n.try(method, path, body)
		if err != nil {
			return err
		}
		switch {
		case a.status < 300, a.status == http.StatusNotFound, a.status >= http.StatusBadGateway:
		case a.field("code") == "unconfirmed": // whom a ban meets could not be counted in time
		default:
			return fmt.Errorf("%s %s %s: %d %s", method, path, body, a.status, a.body)
		}
	}
	return nil
}

func (w workload) request() (method, path, body string) {
	who, n := pick(w.cast.players[2:]), rand.IntN(1000)
	target := fmt.Sprintf(`"uuid": %q`, who)
	if n%2 == 0 {
		target = fmt.Sprintf(`"ip": %q`, pick(w.cast.ips))
	}
	switch path := player(who); rand.IntN(9) {
	case 0:
		return http.MethodPatch, path, fmt.Sprintf(`{"rank": "patched %d"}`, n)
	case 1:
		const form = `{"flags": {"add": ["a%d"], "remove": ["a%d"]}, "history": [{"action": "flagged", "by": "Steve"}]}`
		return http.MethodPatch, path, fmt.Sprintf(form, n, (n+500)%1000)
	case 2:
		return http.MethodPatch, path, fmt.Sprintf(`{"highlight": "[h%d]", "rainbow": {"speed": %d}}`, n, 1+n)
	case 3:
		return http.MethodPatch, path, fmt.Sprintf(`{"attributes": {"shop": %d}, "language": "p%d"}`, n, n)
	case 4:
		return http.MethodPost, path + "/leave", fmt.Sprintf(`{"language": "left %d", "stats": {"blocks": %d}}`, n, n)
	case 5:
		return http.MethodPost, path + "/join", fmt.Sprintf(`{"name": "joined %d", "ip": %q}`, n, pick(w.cast.ips))
	case 6:
		return http.MethodPost, "/v1/bans", fmt.Sprintf(`{%s, "reason": "r%d", "duration": "%dh"}`, target, n, 1+n)
	case 7:
		return http.MethodPost, "/v1/bans/lift", fmt.Sprintf(`{%s}`, target)
	default:
		return http.MethodGet, path, ""
	}
}

func pick[T any](of []T) T { return of[rand.IntN(len(of))] }
