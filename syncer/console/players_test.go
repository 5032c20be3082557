package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// knownPeople is who the tests about players know: one who is muted and has been a lot, one who
// shares an address with him and is banned, and one who is online.
const knownPeople = `
	insert into player (uuid, name, rank, flags, unmute_time, mute_reason, gamemodes) values
		('id-1', 'Steve', 'mod', '{<b>,builder}', now() + interval '3 days 1 hour', 'spam',
			'{"survival": {"lastJoined": 1900000000000, "stats": {"blocksBroken": 7}}}'),
		('id-2', 'Steven', 'player', '{}', null, '', '{}'), ('a/b+c==', 'Alex', 'player', '{}', null, '', '{}');
	insert into player_history (uuid, action, by) values ('id-1', 'said hello', 'Alice');
	insert into player_visit (uuid, server, joins, kicks) values ('id-1', 'pvp', 3, 1);
	insert into player_name (uuid, server, name) values ('id-1', 'pvp', 'Old Steve');
	insert into player_address (uuid, server, ip) values
		('id-1', 'pvp', '198.51.100.7'), ('id-1', 'pvp', '198.51.100.8'), ('id-2', 'pvp', '198.51.100.7');
	insert into currency (name) values ('coins');
	insert into balance (uuid, currency, amount) values ('id-1', 'coins', 192);
	insert into ban (uuid, reason) values ('id-2', 'alt account');
	insert into server (name, gamemode, address) values ('sandbox-1', 'sandbox', '203.0.113.1:6567');
	insert into server_lease (server, run, expires_at) values ('sandbox-1', gen_random_uuid(), 'tomorrow');
	insert into session (server, uuid, run, name, gamemode)
		select server, 'a/b+c==', run, 'Alex', 'sandbox' from server_lease where server = 'sandbox-1'`

// list is the part of a page that lists.
func (p page) list() string {
	_, list, _ := strings.Cut(p.body, `id="list"`)
	return list
}

func TestPlayersAreFound(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(knownPeople)
	b := s.browser().signIn(actor)
	for query, want := range map[string][2]string{ // what is found, and what is not
		"":                     {">Alex<", "No player"},
		"text=STEVE":           {">Steven<", ">Alex<"},
		"text=id-2":            {">Steven<", ">Steve<"},
		"text=a%2Fb%2Bc%3D%3D": {"players/a%2Fb&#43;c==", ">Steve<"},
		"text=old&by=past":     {">Steve<", ">Alex<"},
		"text=198.51.100.7":    {">Steven<", ">Alex<"},
		"text=198.51.100.0/24": {">Steve<", ">Alex<"},
		"by=online":            {"sandbox-1", ">Steven<"},
		"server=sandbox-1":     {">Alex<", ">Steve<"},
		"text=nobody":          {"No player matches", ">Steve<"},
		"by=online&text=steve": {"No player matches", ">Alex<"},
	} {
		list := b.wants(http.StatusOK, "GET", "/console/players?"+query, nil).list()
		if !strings.Contains(list, want[0]) || strings.Contains(list, want[1]) {
			t.Errorf("%q lists %s", query, list)
		}
	}
	for _, query := range []string{"after=x", "by=online&after=x"} {
		b.wants(http.StatusUnprocessableEntity, "GET", "/console/players?"+query, nil).contains(t, `role="alert"`)
	}
	s.run(`insert into player (uuid, name) select 'many-' || i, 'Many ' || i from generate_series(1, 60) as i`)
	first := b.wants(http.StatusOK, "GET", "/console/players?text=many", nil)
	if n := strings.Count(first.list(), `scope="row"`); n != 50 {
		t.Errorf("the first page lists %d", n)
	}
	next := regexp.MustCompile(`class="more"><a href="([^"]+)"`).FindStringSubmatch(first.body)
	if next == nil {
		t.Fatalf("no next page: %s", first.body)
	}
	last := b.wants(http.StatusOK, "GET", strings.ReplaceAll(next[1], "&amp;", "&"), nil)
	if n := strings.Count(last.list(), `scope="row"`); n != 10 {
		t.Errorf("the last page lists %d", n)
	}
}

func TestPlayerIsShownWhole(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(knownPeople)
	p := s.browser().signIn(actor).wants(http.StatusOK, "GET", "/console/players/id-1", nil)
	p.contains(t, "<h1><bdi>Steve</bdi></h1>", ">mod<", "&lt;b&gt;", "for 3 days more", "spam", "blocksBroken",
		"Old Steve", "198.51.100.7", "shares 1", "banned", "192 <bdi>coins", "said hello", "3 times, kicked once")
	// An id may look like a path.
	p = s.browser().signIn(viewer).wants(http.StatusOK, "GET", "/console/players/a%2Fb%2Bc==", nil)
	p.contains(t, ">a/b&#43;c==<", "sandbox-1")
	s.browser().signIn(viewer).wants(http.StatusNotFound, "GET", "/console/players/nobody", nil)
}

// Who may not see addresses does not learn them by what else a page says.
func TestAddressesOfPlayersAreNotForEverybody(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(knownPeople + `; insert into ban (ip, reason) values ('198.51.100.0/24', 'whole school')`)
	b := s.browser().signIn(viewer)
	p := b.wants(http.StatusOK, "GET", "/console/players/id-1", nil)
	if p.contains(t, "may not see"); strings.Contains(p.body, "198.51.100") ||
		strings.Contains(p.body, "whole school") || strings.Contains(p.body, "Steven") ||
		strings.Count(p.body, `method="post"`) != 1 {
		t.Errorf("it says too much: %s", p.body)
	}
	b.wants(http.StatusUnprocessableEntity, "GET", "/console/players?text=198.51.100.7", nil)
	for _, path := range []string{"change", "mute", "unmute", "note", "pay", "kick"} {
		b.send(http.StatusForbidden, "/console/players/id-1/"+path, "reason", "x")
	}
}

func TestPlayerIsEdited(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(knownPeople)
	b := s.browser().signIn(actor)
	const path = "/console/players/id-1"
	revision := s.row(`select revision from player where uuid = 'id-1'`)
	b.send(http.StatusSeeOther, path+"/change", "revision", revision, "rank-before", "mod", "rank", "admin",
		"flag-before", "<b>", "add-flag", "vip", "mark", "1h")
	const stored = `select rank, flags, unmark_time > now() + interval '59 minutes' from player where uuid = 'id-1'`
	if got := s.row(stored); got != "admin [builder vip] true" {
		t.Errorf("stored %s", got)
	}
	if got := s.row(`select distinct who from audit_log where target = 'id-1'`); !strings.Contains(got, actor) {
		t.Errorf("changed by %s", got)
	}
	// The second of two is told, and keeps what was typed.
	b.send(http.StatusConflict, path+"/change", "revision", revision, "rank-before", "mod", "rank", "typed").
		contains(t, "Somebody else has changed it", `value="typed"`, ">admin<")
	if got := s.row(stored); got != "admin [builder vip] true" {
		t.Errorf("stored %s", got)
	}
	revision = s.row(`select revision from player where uuid = 'id-1'`)
	b.send(http.StatusSeeOther, path+"/change", "revision", revision, "rank-before", "admin", "rank", "admin",
		"unmark", "1")
	b.send(http.StatusUnprocessableEntity, path+"/change", "revision", revision, "rank-before", "admin",
		"rank", "admin").contains(t, "nothing is to be changed")
	b.send(http.StatusUnprocessableEntity, path+"/change", "revision", "x", "rank-before", "admin", "rank", "x")
	b.send(http.StatusUnprocessableEntity, path+"/change", "revision", revision, "rank", "admin", "mark", "soon")

	b.send(http.StatusConflict, path+"/mute", "duration", "1h", "reason", "typed").contains(t, "muted already", "typed")
	b.send(http.StatusSeeOther, path+"/mute", "duration", "", "reason", "again", "replace", "1")
	if got := s.row(`select unmute_time, mute_reason from player where uuid = 'id-1'`); got != "infinity again" {
		t.Errorf("muted %s", got)
	}
	b.send(http.StatusSeeOther, path+"/unmute")
	b.send(http.StatusSeeOther, path+"/note", "note", "talked to him")
	b.send(http.StatusUnprocessableEntity, path+"/note", "note", " ")
	const noted = `select by from player_history where action = 'talked to him'`
	if got := s.row(noted); got != actor {
		t.Errorf("noted by %q", got)
	}
	b.wants(http.StatusOK, "GET", path, nil).contains(t, "talked to him")
	b.send(http.StatusNotFound, path+"/kick", "reason", "x")
	b.send(http.StatusSeeOther, "/console/players/a%2Fb%2Bc==/kick", "reason", "x")
}

func TestPlayerIsPaidOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(knownPeople)
	b := s.browser().signIn(actor)
	const path = "/console/players/id-1/pay"
	for range 2 {
		b.send(http.StatusSeeOther, path, "key", "drawn", "way", "give", "amount", "50", "currency", "coins",
			"reason", "prize")
	}
	if got := s.row(`select amount from balance where uuid = 'id-1'`); got != "242" {
		t.Errorf("the balance is %s", got)
	}
	p := b.send(http.StatusConflict, path, "key", "other", "way", "take", "amount", "300", "currency", "coins",
		"reason", "typed")
	p.contains(t, "the balance is 242", `value="300"`, `value="other"`, `value="typed"`)
	b.send(http.StatusSeeOther, path, "key", "other", "way", "take", "amount", "42", "currency", "coins")
	if got := s.row(`select change, by from ledger where key = 'other'`); got != "-42 "+actor {
		t.Errorf("the ledger says %q", got)
	}
	for _, amount := range []string{"", "x", "-5", "0", "1.5"} {
		b.send(http.StatusUnprocessableEntity, path, "key", "k", "amount", amount, "currency", "coins")
	}
}

// The page of a player hears of that player, and of nobody else.
func TestOpenPagesHearOfPlayers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(knownPeople)
	page := s.stream(s.browser().signIn(viewer), "status&player=a%2Fb%2Bc==")
	s.run(`update player set rank = 'x' where uuid = 'id-1'`)
	s.run(`update player set rank = 'x' where uuid = 'a/b+c=='`)
	page.until("player", has("1"))
	s.run(`update balance set amount = 5 where uuid = 'a/b+c=='`)
	s.browser().signIn(actor).send(http.StatusSeeOther, "/console/players/a%2Fb%2Bc==/note", "note", "x")
	page.until("player", has("2"))
}
