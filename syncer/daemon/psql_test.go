package daemon_test

import (
	"net/http"
	"testing"
)

const steve = "AAAAAAAAAAAA/+AAAAAAAA=="

// TestPsqlReachesEveryServer plays what people do with psql against two sidecars.
func TestPsqlReachesEveryServer(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	a.join(steve, "Steve")
	b.join(steve, "Steve")

	run(t, psql, `update player set rank = 'mod', flags = '{member}' where uuid = '`+steve+`'`)
	for _, n := range []*node{a, b} {
		n.sees(steve, "mod", "rank")
		n.sees(steve, []string{"member"}, "flags")
	}
	run(t, psql, `insert into player_history (uuid, action) values ('`+steve+`', 'warned')`)
	a.sees(steve, "mod", "rank")

	run(t, psql, `insert into ban (uuid) values ('`+steve+`')`)
	for _, n := range []*node{a, b} {
		n.banned(`{"uuid": "`+steve+`"}`, true)
	}
	run(t, psql, `delete from ban`)
	for _, n := range []*node{a, b} {
		n.banned(`{"uuid": "`+steve+`"}`, false)
	}
	run(t, psql, `insert into ban (ip) values ('198.51.100.0/24')`)
	for _, n := range []*node{a, b} {
		n.banned(`{"ip": "198.51.100.7"}`, true)
	}
	run(t, psql, `truncate ban`)
	for _, n := range []*node{a, b} {
		n.banned(`{"ip": "198.51.100.7"}`, false)
	}
	a.must(http.MethodPatch, player(steve), `{"rank": "admin", "highlight": "[red]"}`)
	b.sees(steve, "admin", "rank")
	a.must(http.MethodPost, player(steve)+"/leave", "")
	b.sees(steve, "[red]", "highlight")
}
