package daemon_test

import (
	"fmt"
	"testing"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
)

// Players who are large change at once, and the network is slow: what else changes arrives
// meanwhile, on the same connection.
func TestOthersChangeWhileLargePlayersAreRead(t *testing.T) {
	t.Parallel()
	const many = 12
	url, psql := database(t)
	proxy := pgtest.NewProxy(t, url)
	n := start(t, url, "a", func(c *daemon.Config) { c.Store.ListenURL = proxy.URL() }).ready()
	run(t, psql, fmt.Sprintf(`
		insert into player (uuid, attributes)
		select 'large' || n, jsonb_build_object('x', (
			select string_agg(md5(n || '/' || m), '') from generate_series(1, 16000) as m
		)) from generate_series(1, %d) as n`, many))
	n.join("Steve", "Steve")
	for i := range many {
		n.join(fmt.Sprint("large", i+1), "large")
	}
	before := n.metric(reconnects)

	proxy.Throttle(250_000)
	run(t, psql, `update player set rank = 'vip' where uuid like 'large%'`)
	run(t, psql, `update player set rank = 'mod' where uuid = 'Steve'`)
	n.sees("Steve", "mod", "rank")
	unread := 0
	for i := range many {
		if n.get(player(fmt.Sprint("large", i+1))).field("rank") != "vip" {
			unread++
		}
	}
	if unread == 0 {
		t.Error("all large players had been read when Steve's change arrived")
	}
	proxy.Throttle(0)
	for i := range many {
		n.sees(fmt.Sprint("large", i+1), "vip", "rank")
	}
	if after := n.metric(reconnects); after != before {
		t.Errorf("the feed connected again: %v, before %v", after, before)
	}
	noneMissed(t, n)
}
