package daemon_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"playersync/syncer/daemon"
)

// Somebody keeps a row locked, for however long: the saves of all who left with that player are
// stored meanwhile, and his own, once, when the row is free.
func TestHeldRowHoldsUpNobodyElsesSaves(t *testing.T) {
	t.Parallel()
	const many = 12
	url, psql := database(t)
	n := start(t, url, "a", func(c *daemon.Config) {
		c.Store.Timeout = 400 * time.Millisecond
		c.Sidecar.FlushInterval = 50 * time.Millisecond
	}).ready()
	for i := range many {
		id := fmt.Sprint("player", i)
		n.join(id, id)
	}
	eventuallyRow(t, psql, `select count(*) from player where gamemodes ? 'gamemode-a'`, many)
	holder := connect(t, url)
	run(t, holder, `begin; select from player where uuid = 'player5' for update`)
	const left = `select count(*) from player where gamemodes #>> '{gamemode-a,stats,blocks}' = '1'`
	for i := range many {
		n.must(http.MethodPatch, player(fmt.Sprint("player", i)), `{"stats": {"blocks": 1}}`)
	}
	eventuallyRow(t, psql, left, many-1)
	run(t, holder, `commit`)
	eventuallyRow(t, psql, left, many)
}
