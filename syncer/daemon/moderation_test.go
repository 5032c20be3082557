package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// blacklist adds addresses and returns all there are.
func (n *node) blacklist(add ...string) []string {
	n.t.Helper()
	all, err := n.tryBlacklist(add...)
	if err != nil {
		n.t.Fatal(err)
	}
	return all
}

// tryBlacklist is blacklist for goroutines that must not end the test.
func (n *node) tryBlacklist(add ...string) (all []string, err error) {
	body, err := json.Marshal(append([]string{}, add...))
	if err != nil {
		return nil, err
	}
	a, err := n.try(http.MethodPost, "/api/dosBlacklist", string(body))
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("%d %s", a.status, a.body)
	}
	if err := json.Unmarshal(a.body, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", a.body, err)
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(all))); len(unique) != len(all) {
		return nil, fmt.Errorf("addresses twice among %q", all)
	}
	for _, address := range add {
		if !slices.Contains(all, address) {
			return nil, fmt.Errorf("%q is not among %q", address, all)
		}
	}
	return all, nil
}

func (n *node) blacklisted(want ...string) {
	n.t.Helper()
	slices.Sort(want)
	pgtest.Eventually(n.t, waitTimeout, func() error {
		got, err := n.tryBlacklist()
		if slices.Sort(got); err != nil || !slices.Equal(got, want) {
			return fmt.Errorf("node %s has %q (%w), want %q", n.name, got, err, want)
		}
		return nil
	})
}

func (n *node) unblacklist(address string) {
	n.t.Helper()
	n.must(http.MethodPost, "/api/dosBlacklist/delete", fmt.Sprintf(`{"ip": %q}`, address))
}

func TestBlacklistIsOneOnAllServers(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	if a := a.send(http.MethodPost, "/api/dosBlacklist", `[]`); string(a.body) != `[]` {
		t.Errorf("an empty one is %s", a.body)
	}
	odd := []string{"2001:db8:0:0:0:0:0:1", "2001:DB8::1", "fe80::1%eth0", "<unknown>", "10.0.0.1 "}
	a.blacklist(odd...)
	b.blacklisted(odd...)
	b.blacklist("10.0.0.1", "10.0.0.1", odd[0])
	a.blacklisted(append([]string{"10.0.0.1"}, odd...)...)
	for range 3 {
		a.unblacklist("10.0.0.1")
		a.unblacklist("never there")
	}
	if all := a.blacklist(); slices.Contains(all, "10.0.0.1") {
		t.Error("the server that removed an address still has it")
	}
	b.blacklisted(odd...)
	run(t, psql, `update blacklisted_address set address = 'moved' where address = '<unknown>'`)
	b.blacklisted(append([]string{"moved"},
		slices.DeleteFunc(slices.Clone(odd), func(s string) bool { return s == "<unknown>" })...)...)
	run(t, psql, `truncate blacklisted_address`)
	run(t, psql, `insert into blacklisted_address (address) values ('192.0.2.1')`)
	for _, n := range []*node{a, b} {
		n.blacklisted("192.0.2.1")
	}
	noneMissed(t, a, b)
}

// Every answer holds what was just sent, whoever adds and removes meanwhile.
func TestBlacklistAddsAndAnswersAtOnce(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	nodes := []*node{start(t, url, "a").ready(), start(t, url, "b").ready()}
	var servers sync.WaitGroup
	for server := range 8 {
		servers.Go(func() {
			n := nodes[server%2]
			for i := range 25 {
				shared := fmt.Sprintf("192.0.2.%d", i)
				if _, err := n.tryBlacklist(shared, fmt.Sprintf("10.0.%d.%d", server, i)); err != nil {
					t.Error(err)
				}
				if i%5 == server%5 {
					if a, err := n.try(http.MethodPost, "/api/dosBlacklist/delete",
						fmt.Sprintf(`{"ip": "10.0.%d.%d"}`, server, i)); err != nil || a.status != http.StatusOK {
						t.Errorf("%d %v", a.status, err)
					}
				}
			}
		})
	}
	servers.Wait()
	rows, err := psql.Query(t.Context(), `select address from blacklisted_address`)
	if err != nil {
		t.Fatal(err)
	}
	var stored []string
	for rows.Next() {
		var address string
		if err := rows.Scan(&address); err != nil {
			t.Fatal(err)
		}
		stored = append(stored, address)
	}
	if len(stored) != 25+8*20 {
		t.Errorf("%d addresses are stored, want %d", len(stored), 25+8*20)
	}
	for _, n := range nodes {
		n.blacklisted(stored...)
	}
	noneMissed(t, nodes...)
}

// What is added or removed during an outage is not lost, not by a restart either.
func TestBlacklistAndModerationLogDuringOutage(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.blacklist("10.0.0.1", "10.0.0.2")
	o.begin()
	o.blacklist("10.0.0.3")
	o.unblacklist("10.0.0.1")
	o.must(http.MethodPost, "/api/mod-dump", `{"message": "Steve was stopped"}`)
	o.blacklisted("10.0.0.2", "10.0.0.3")
	o.restart(t)
	if a := o.send(http.MethodPost, "/api/dosBlacklist", `["10.0.0.4"]`); a.status != http.StatusServiceUnavailable {
		t.Errorf("a sidecar that does not know all answers %d %s", a.status, a.body)
	}
	if a := o.get("/api/antibotData"); a.status != http.StatusServiceUnavailable {
		t.Errorf("patterns before they were read: %d %s", a.status, a.body)
	}
	if texts := o.poll("pvp"); len(texts) > 0 {
		t.Errorf("messages out of nowhere: %q", texts)
	}
	o.end()
	o.ready()
	o.blacklisted("10.0.0.2", "10.0.0.3", "10.0.0.4")
	eventuallyRow(t, o.psql, `select string_agg(address, ' ' order by address) from blacklisted_address`,
		"10.0.0.2 10.0.0.3 10.0.0.4")
	eventuallyRow(t, o.psql, `select count(*)::int from mod_log`, 1)
	pgtest.Eventually(t, waitTimeout, func() error {
		if n := o.metric("playersync_waiting_writes"); n != 0 {
			return fmt.Errorf("%v writes wait", n)
		}
		return nil
	})
}

func TestAntibotPatternsReachEveryServer(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	nodes := []*node{start(t, url, "a").ready(), start(t, url, "b").ready()}
	serve := func(want string) {
		t.Helper()
		for _, n := range nodes {
			pgtest.Eventually(t, waitTimeout, func() error {
				if a := n.get("/api/antibotData"); a.status != http.StatusOK || string(a.body) != want {
					return fmt.Errorf("node %s serves %d %s, want %s", n.name, a.status, a.body, want)
				}
				return nil
			})
		}
	}
	serve(`{"nameBlacklistRegex":null,"nameGraylistRegex":null}`)
	run(t, psql,
		`insert into antibot_pattern (kind, pattern) values ('blacklist', '(?i)bot\d+'), ('graylist', 'guest.*')`)
	serve(`{"nameBlacklistRegex":"(?i)bot\\d+","nameGraylistRegex":"guest.*"}`)
	run(t, psql, `update antibot_pattern set pattern = 'x' where kind = 'graylist'`)
	serve(`{"nameBlacklistRegex":"(?i)bot\\d+","nameGraylistRegex":"x"}`)
	run(t, psql,
		`alter table antibot_pattern drop constraint antibot_pattern_pattern_form;
		update antibot_pattern set pattern = '(' where kind = 'blacklist'`)
	serve(`{"nameBlacklistRegex":null,"nameGraylistRegex":"x"}`)
	run(t, psql, `truncate antibot_pattern`)
	serve(`{"nameBlacklistRegex":null,"nameGraylistRegex":null}`)
	noneMissed(t, nodes...)
}

// Seven servers ask every two seconds, here as often as they can. The answers come
// from memory: the database gets no query.
func TestPollingServersCostTheDatabaseNothing(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, "", func(c *postgres.Config) {
		c.Settings = map[string]string{
			"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "top",
			"pg_stat_statements.track_utility": "on",
		}
	})
	url := pgtest.EmptyOn(t, server)
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	psql := connect(t, url)
	run(t, psql, `create extension pg_stat_statements`)
	a := start(t, url, "a", func(c *daemon.Config) { c.Feed.Heartbeat = 100 * time.Millisecond }).ready()
	a.blacklist("10.0.0.1")
	gamemodes := []string{"attack", "survival", "pvp", "sandbox", "hexed", "hardcore", "minigame"}
	a.speaks(gamemodes...).speaks(gamemodes...)
	a.says(sendV2, "attack", "one")
	a.sent(1)
	for _, gamemode := range gamemodes {
		a.poll(gamemode)
	}
	eventuallyRow(t, psql, `select count(*)::int from staff_delivery where delivered = 1`, len(gamemodes))
	beats(t, 3, a)
	run(t, psql, `select pg_stat_statements_reset()`)
	for range 20 {
		for _, gamemode := range gamemodes {
			a.poll(gamemode)
			a.get("/api/antibotData")
			a.blacklist("10.0.0.1")
			a.unblacklist("10.0.0.2")
		}
	}
	beats(t, 3, a)
	for statement, n := range statementsExecuted(t, psql) {
		if !strings.Contains(statement, "pg_listening_channels()") {
			t.Errorf("executed %d times for nothing: %s", n, statement)
		}
	}
}
