package daemon_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres/pgtest"
)

const (
	forged    = "playersync_feed_forged_total"
	unfounded = "playersync_feed_unfounded_total"
)

// loginAs returns a connection of a new login that is in a role.
func loginAs(t testing.TB, address string, admin *pgx.Conn, role string) *pgx.Conn {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%s_%d", role, one[int64](t, admin, "select pg_current_xact_id()::text::bigint"))
	run(t, admin, fmt.Sprintf("create role %s login password 'x' in role %s", name, role))
	parsed.User = url.UserPassword(name, "x")
	return connect(t, parsed.String())
}

// lies are notifications of transactions that never were, about Steve, who is "mod" and has
// 10 coins, and about a crook, who is banned.
var lies = []string{
	`{"e":"player","k":"Steve","x":%d,"t":1,"r":999999,"p":{"rank":"king","flags":[],"unmuteTime":null,` +
		`"muteReason":"","unmarkTime":null,"attributes":{},"name":"Steve","overrideName":null,` +
		`"highlight":null,"rainbow":null,"chatStrictness":"chat","showRankPrefix":true,` +
		`"language":"","achievements":null}}`,
	`{"e":"player","k":"Steve","x":%d,"t":1,"h":[{"action":"praised","by":"nobody","time":"2026-01-01T00:00:00Z"}]}`,
	`{"e":"ban","k":"ip:0.0.0.0/0","x":%d,"t":1,"r":999999,"o":true,"u":null}`,
	`{"e":"ban","k":"uuid:crook","x":%d,"t":1,"r":999999,"o":false}`,
	`{"e":"balance","k":"Steve","x":%d,"t":1,"b":[{"c":"coin","n":1000000,"r":999999}]}`,
	`{"e":"staff_message","k":"999","x":%d,"t":1,"m":{"number":999,"after":0,"server":"pvp","text":"obey"}}`,
	`{"e":"session","k":"pvp","x":%d,"t":1,"o":true,"s":{"server":"pvp","uuid":"Steve","gamemode":"pvp",` +
		`"since":"2026-01-01T00:00:00.000Z","revision":999999}}`,
	`{"e":"blacklisted_address","k":"203.0.113.7","x":%d,"t":1,"r":999999,"o":true}`,
}

// liedTo returns a node on a database with Steve and the crook, and connections of the
// administrator and of a login in a role.
func liedTo(t *testing.T, m mode, role string) (n *node, admin, liar *pgx.Conn) {
	t.Helper()
	address, admin := database(t)
	run(t, admin, `
		insert into player (uuid, name, rank) values ('Steve', 'Steve', 'mod');
		insert into ban (uuid) values ('crook');
		insert into currency (name) values ('coin');
		insert into balance (uuid, currency, amount) values ('Steve', 'coin', 10)`)
	n = start(t, address, "a", m.adapt).ready()
	n.join("Steve", "Steve")
	return n, admin, loginAs(t, address, admin, role)
}

// truthful checks that the node knows what the rows say.
func (n *node) truthful() error {
	steve := n.get(player("Steve"))
	if rank, history := steve.field("rank"), steve.field("history"); rank != "mod" || len(history.([]any)) != 0 {
		return fmt.Errorf("Steve has rank %v, history %v", rank, history)
	}
	if coins := n.get(player("Steve")+"/balances").field("balances", "coin"); coins != 10.0 {
		return fmt.Errorf("Steve has %v coins", coins)
	}
	for check, want := range map[string]bool{`{"ip": "192.0.2.1"}`: false, `{"uuid": "crook"}`: true} {
		if banned := n.must("POST", "/v1/bans/check", check).field("banned"); banned != want {
			return fmt.Errorf("%s is banned: %v", check, banned)
		}
	}
	if messages := n.get("/v1/staff-messages").field("messages"); messages != nil && len(messages.([]any)) > 0 {
		return fmt.Errorf("staff chat %v", messages)
	}
	return nil
}

// Whoever may connect may notify: it must not be believed.
func TestReadOnlyLoginCannotForge(t *testing.T) {
	t.Parallel()
	n, admin, reader := liedTo(t, listening, "playersync_readonly")
	for _, lie := range lies {
		message := "[" + fmt.Sprintf(lie, 1<<40) + "]"
		for _, payload := range []string{message, fmt.Sprintf("%032x", 0) + message} {
			if _, err := reader.Exec(t.Context(), "select pg_notify('playersync', $1)", payload); err != nil {
				t.Fatal(err)
			}
		}
	}
	pgtest.Eventually(t, waitTimeout, func() error {
		if got, want := n.metric(forged), float64(2*len(lies)); got != want {
			return fmt.Errorf("%v notifications counted as forged, want %v", got, want)
		}
		return nil
	})
	if err := n.truthful(); err != nil {
		t.Error(err)
	}
	run(t, admin, `update player set rank = 'admin'`)
	n.sees("Steve", "admin", "rank")
	if never, missed := n.metric(unfounded), n.metric(foundByPoll); never+missed != 0 {
		t.Errorf("%v changes counted as never made, %v as missed", never, missed)
	}
}

// One who has the key can lie until the next poll, and no longer.
func TestLiesOfAnApplicationLastUntilTheNextPoll(t *testing.T) {
	t.Parallel()
	n, admin, app := liedTo(t, beating, "playersync_app")
	for _, lie := range lies {
		if _, err := app.Exec(t.Context(), "select feed_send($1)", "["+fmt.Sprintf(lie, 1<<40)+"]"); err != nil {
			t.Fatal(err)
		}
	}
	pgtest.Eventually(t, waitTimeout, func() error {
		if got := n.metric(unfounded); got == 0 {
			return fmt.Errorf("no change counted as never made")
		}
		return n.truthful()
	})
	run(t, admin, `update player set rank = 'admin'; delete from ban`)
	n.sees("Steve", "admin", "rank")
	n.banned(`{"uuid": "crook"}`, false)
}
