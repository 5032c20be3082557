package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"playersync/syncer/httpapi/wire"
	"playersync/syncer/postgres/pgtest"
)

const griefer = "069a79f4-44e9-4726-a5be-fca90e38aaf5"

// bans sends a ban that must be answered with the status.
func (n *node) bans(status int, body string) (added wire.AddedBan) {
	n.t.Helper()
	a := n.send(http.MethodPost, "/v1/bans", body)
	if err := json.Unmarshal(a.body, &added); err != nil || a.status != status {
		n.t.Fatalf("%s: %d %s, want %d", body, a.status, a.body, status)
	}
	return added
}

// Whatever names a player bans that player: the name, and the id in any spelling.
func TestBanMeetsWhoIsMeant(t *testing.T) {
	t.Parallel()
	db, _ := database(t)
	a, b := start(t, db, "a").ready(), start(t, db, "b").ready()
	a.join("069A79F444E94726A5BEFCA90E38AAF5", "Griefer")
	a.join("id-1", "Twin")
	a.join("id-2", "twin")
	a.online("a: Griefer", "a: Twin", "a: twin") // their names are not stored yet
	for _, who := range []string{
		"Griefer", "GRIEFER", "069A79F444E94726A5BEFCA90E38AAF5", "069A79F4-44E9-4726-A5BE-FCA90E38AAF5",
		"{069a79f4-44e9-4726-a5be-fca90e38aaf5}",
	} {
		body := fmt.Sprintf(`{"uuid": %q}`, who)
		if added := b.bans(http.StatusCreated, body); *added.UUID != griefer || !added.Known || added.Warning != nil {
			t.Errorf("%s: %+v", who, added)
		}
		a.banned(`{"uuid": "`+griefer+`"}`, true)
		a.banned(`{"uuid": "069A79F444E94726A5BEFCA90E38AAF5"}`, true)
		a.banned(fmt.Sprintf(`{"player": %q}`, who), true)
		preview := a.get("/v1/bans/preview?uuid=" + url.QueryEscape(who))
		audited := a.get("/v1/audit?field=row&limit=1&uuid=" + url.QueryEscape(who)).field("entries").([]any)
		if preview.field("uuid") != griefer || len(audited) != 1 || audited[0].(map[string]any)["uuid"] != griefer {
			t.Errorf("%s: preview %s, audit %v", who, preview.body, audited)
		}
		list := a.get("/v1/bans?active=true&uuid=" + url.QueryEscape(who)).field("bans").([]any)
		if len(list) != 1 || list[0].(map[string]any)["uuid"] != griefer {
			t.Errorf("bans of %s: %v", who, list)
		}
		if lifted := a.must(http.MethodPost, "/v1/bans/lift", body); lifted.field("ban", "uuid") != griefer {
			t.Errorf("%s: %s", who, lifted.body)
		}
		a.banned(`{"uuid": "`+griefer+`"}`, false)
	}
	for _, path := range []string{"/v1/bans", "/v1/bans/lift"} {
		twin := a.send(http.MethodPost, path, `{"uuid": "TWIN"}`)
		const said = `uuid: 2 players are called "TWIN"; give the id of one: id-1, id-2`
		if twin.status != http.StatusUnprocessableEntity || twin.field("detail") != said {
			t.Errorf("%s: %d %s", path, twin.status, twin.body)
		}
	}
	if host := a.send(http.MethodPost, "/v1/bans", `{"uuid": "example.org"}`); host.status !=
		http.StatusUnprocessableEntity {
		t.Errorf("%d %s", host.status, host.body)
	}
	if meant := a.must(http.MethodPost, "/v1/bans", `{"uuid": "uuid:example.org"}`); meant.field("uuid") !=
		"example.org" {
		t.Errorf("%s", meant.body)
	}
	twin := a.send(http.MethodPost, "/v1/bans/check", `{"player": "TWIN"}`)
	if said := twin.field("detail"); twin.status != http.StatusUnprocessableEntity ||
		said != `player: 2 players are called "TWIN"; give the id of one: id-1, id-2` {
		t.Errorf("%d %s", twin.status, twin.body)
	}
	for _, query := range []string{"bans?player", "bans?uuid", "audit?uuid", "bans/preview?uuid"} {
		twin := a.get("/v1/" + query + "=TWIN")
		_, field, _ := strings.Cut(query, "?")
		if said := twin.field("detail"); twin.status != http.StatusBadRequest ||
			said != field+`: 2 players are called "TWIN"; give the id of one: id-1, id-2` {
			t.Errorf("%s: %d %s", query, twin.status, twin.body)
		}
	}
	for _, query := range []string{"bans?player", "bans?uuid", "audit?uuid", "bans/preview?uuid"} {
		star := a.get("/v1/" + query + "=203.0.113.*")
		if detail, _ := star.field("detail").(string); star.status != http.StatusBadRequest ||
			!strings.Contains(detail, "give it as ip; write 203.0.113.0/24") {
			t.Errorf("%s: %d %s", query, star.status, star.body)
		}
	}
	for who, known := range map[string]any{
		`{"player": "Griefer"}`: true, `{"player": "nobody"}`: false,
		`{"uuid": "nobody"}`: nil, `{"player": "uuid:203.0.113.*"}`: false,
	} {
		if checked := a.must(http.MethodPost, "/v1/bans/check", who); checked.field("known") != known {
			t.Errorf("%s: %s", who, checked.body)
		}
	}
	star := a.send(http.MethodPost, "/v1/bans/check", `{"player": "203.0.113.*"}`)
	if detail, _ := star.field("detail").(string); star.status != http.StatusUnprocessableEntity ||
		!strings.HasPrefix(detail, "player: ") {
		t.Errorf("%d %s", star.status, star.body)
	}
	if none := a.get("/v1/bans?player=nobody"); none.status != http.StatusOK {
		t.Errorf("%d %s", none.status, none.body)
	}
	if added := a.bans(http.StatusCreated, `{"uuid": "Grifer"}`); added.Known || added.Warning == nil {
		t.Errorf("an id that nobody has: %+v", added)
	}
	if lifted := a.must(http.MethodPost, "/v1/bans/lift", `{"uuid": "Grifer"}`); lifted.field("lifted") != true ||
		lifted.field("known") != false {
		t.Errorf("%s", lifted.body)
	}
}

// A ban that stands is told apart, and is replaced only if that is asked for.
func TestBanThatStandsIsToldApart(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a := start(t, url, "a").ready()
	made := a.bans(http.StatusCreated, `{"uuid": "a", "duration": "1h", "reason": "first", "by": "Alice"}`)
	stands := a.bans(http.StatusOK, `{"uuid": "a", "reason": "second", "by": "Bob"}`)
	if stands.Outcome != "stands" || stands.ID != made.ID || stands.Reason != "first" || stands.By != "Alice" ||
		stands.ExpiresAt != made.ExpiresAt ||
		*stands.Warning != fmt.Sprintf("the ban that stands, %d, ends before the one that was asked for", made.ID) {
		t.Errorf("stands: %+v", stands)
	}
	replaced := a.bans(http.StatusOK, `{"uuid": "a", "reason": "second", "by": "Bob", "replace": true}`)
	if replaced.Outcome != "replaced" || replaced.ID != made.ID || replaced.Reason != "second" ||
		!replaced.ExpiresAt.IsZero() {
		t.Errorf("replaced: %+v", replaced)
	}
	a.banned(`{"uuid": "a"}`, true)
	run(t, psql, `
		update ban set created_at = now() - interval '2 h', expires_at = now() - interval '1 h' where uuid = 'a'`)
	a.banned(`{"uuid": "a"}`, false)
	if again := a.bans(http.StatusCreated, `{"uuid": "a", "replace": true}`); again.Outcome != "made" ||
		again.ID == made.ID {
		t.Errorf("after it expired: %+v", again)
	}
	old := a.get(fmt.Sprintf("/v1/bans/%d", made.ID))
	if old.field("ban", "liftedAt") != nil || old.field("ban", "liftedBy") != nil ||
		old.field("ban", "active") != false {
		t.Errorf("expired: %s", old.body)
	}
	a.bans(http.StatusCreated, `{"ip": "198.51.100.0/24"}`)
	lifted := a.must(http.MethodPost, "/v1/bans/lift", `{"ip": "198.51.100.6"}`)
	still, _ := lifted.field("still").([]any)
	if lifted.field("lifted") != false || len(still) != 1 ||
		still[0].(map[string]any)["ip"] != "198.51.100.0/24" {
		t.Errorf("an address in a banned range: %s", lifted.body)
	}
}

// A ban that is wide or meets many players is made only if that is confirmed.
func TestWideBanWantsToBeConfirmed(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a := start(t, url, "a").ready()
	run(t, psql, `insert into player (uuid) select 'p' || n from generate_series(1, 101) as n`)
	run(t, psql, `insert into player_address (uuid, server, ip)
		select 'p' || n, 'pvp', ('192.0.2.' || n)::inet from generate_series(1, 101) as n`)
	const how = `; such a ban must be confirmed, by "confirm": true`
	for _, ip := range []string{"0.0.0.0/0", "::/0", "192.0.2.0/24"} {
		refused := a.send(http.MethodPost, "/v1/bans", fmt.Sprintf(`{"ip": %q}`, ip))
		detail, _ := refused.field("detail").(string)
		if refused.status != http.StatusConflict || refused.field("code") != "unconfirmed" ||
			!strings.HasSuffix(detail, how) {
			t.Errorf("%s: %d %s", ip, refused.status, refused.body)
		}
		a.bans(http.StatusCreated, fmt.Sprintf(`{"ip": %q, "confirm": true}`, ip))
	}
	a.bans(http.StatusCreated, `{"ip": "192.0.2.1"}`)
	imported := a.send(http.MethodPost, "/v1/bans/import", `{"bans": [{"uuid": "a"}, {"ip": "128.0.0.0/1"}]}`)
	if imported.status != http.StatusConflict || imported.field("code") != "unconfirmed" ||
		imported.field("detail") != "bans[1].ip: 128.0.0.0/1 is wider than /8"+how {
		t.Errorf("%d %s", imported.status, imported.body)
	}
	a.must(http.MethodPost, "/v1/bans/import", `{"confirm": true, "bans": [{"ip": "128.0.0.0/1"}]}`)
}

// The event of a ban names the players on the asking server whom it meets, and the
// answer those on every server.
func TestBanNamesWhomToKick(t *testing.T) {
	t.Parallel()
	url, _ := database(t)
	a := start(t, url, "a").ready()
	b := start(t, url, "b").ready()
	a.comes("alice", "Alice", "192.0.2.1")
	a.comes("bob", "Bob", "192.0.2.2")
	b.comes("carl", "Carl", "192.0.2.3")
	a.comes("dora", "Dora", "192.0.2.4")
	a.leave("dora")
	for _, ban := range []struct {
		body string
		a, b []any
	}{
		{`{"uuid": "alice"}`, []any{"alice"}, []any{}},
		{`{"ip": "192.0.2.3"}`, []any{}, []any{"carl"}},
		{`{"ip": "192.0.2.0/24"}`, []any{"alice", "bob"}, []any{"carl"}},
		{`{"uuid": "nobody"}`, []any{}, []any{}},
	} {
		nodes := map[*node][]any{a: ban.a, b: ban.b}
		after := map[*node]string{}
		for n := range nodes {
			after[n] = n.get("/v1/events?wait=0s&types=ban").header.Get("Syncer-Last-Event-ID")
		}
		a.bans(http.StatusCreated, ban.body)
		for n, want := range nodes {
			polled := n.get("/v1/events?wait=60s&types=ban&after=" + after[n])
			var events []struct {
				Data struct {
					Online []any `json:"online"`
				} `json:"data"`
			}
			if err := json.Unmarshal(polled.body, &events); err != nil || len(events) != 1 ||
				fmt.Sprint(events[0].Data.Online) != fmt.Sprint(want) {
				t.Errorf("%s on %s: %s, want %v", ban.body, n.name, polled.body, want)
			}
		}
	}
	a.online("a: Alice", "a: Bob", "b: Carl")
	pgtest.Eventually(t, waitTimeout, func() error {
		added := b.bans(http.StatusOK, `{"uuid": "alice"}`)
		if added.Reach == nil || len(added.Reach.Online) != 1 || fmt.Sprint(added.Reach.Online[0].Servers) != "[a]" {
			return fmt.Errorf("where she is: %+v", added.Reach)
		}
		return nil
	})
}
