package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

var _ Transients = (*sidecar.Transients)(nil)

func sessionRow(server, id string, revision int64) *changefeed.SessionRow {
	return &changefeed.SessionRow{
		Session: syncer.Session{
			Server: server, ID: syncer.PlayerID(id), Name: id, Gamemode: "pvp", Since: syncer.TimeOf(testNow),
		},
		Online: true, Revision: revision,
	}
}

func TestOnline(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	body := f.ask(t, "GET", "/v1/online", "").wants(http.StatusOK).Body.String()
	if body != `{"players":[],"next":null}` {
		t.Errorf("nobody is %s", body)
	}
	f.sessions = []*changefeed.SessionRow{
		sessionRow("a", "Steve", 3), sessionRow("b", "Alex", 5), sessionRow("b", "Steve", 9),
	}
	var page wire.OnlinePage
	g := f.ask(t, "GET", "/v1/online?limit=2", "").wants(http.StatusOK).into(&page)
	if len(page.Players) != 2 || page.Next == nil || *page.Next != "5" || g.Header().Get("Syncer-Staleness") != "3" ||
		g.Header().Get("Syncer-Source") != "memory" {
		t.Errorf("the first page is %+v with %v", page, g.Header())
	}
	f.ask(t, "GET", "/v1/online?limit=2&after="+*page.Next, "").wants(http.StatusOK).into(&page)
	if len(page.Players) != 1 || page.Next != nil || page.Players[0] != wire.SessionOf(f.sessions[2].Session) {
		t.Errorf("the second page is %+v", page)
	}
	f.ask(t, "GET", "/v1/online?server=a", "").wants(http.StatusOK).into(&page)
	if len(page.Players) != 1 {
		t.Errorf("on a: %+v", page)
	}
	for _, query := range []string{"after=-1", "after=x", "after=", "limit=0", "server=", "server=%00", "x=1"} {
		name, _, _ := strings.Cut(query, "=")
		f.ask(t, "GET", "/v1/online?"+query, "").problem(http.StatusBadRequest).names(t, name)
	}
	want := `{"players":2,"servers":[{"server":"a","gamemode":"pvp","players":1},` +
		`{"server":"b","gamemode":"pvp","players":2}]}`
	if body := f.ask(t, "GET", "/v1/online/counts", "").wants(http.StatusOK).Body.String(); body != want {
		t.Errorf("counts are %s", body)
	}
}

func TestPresenceOfAPlayer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	want := `{"online":[],"lastSeen":null}` // the database is away
	if body := f.ask(t, "GET", "/v1/players/Alex/presence", "").wants(http.StatusOK).Body.String(); body != want {
		t.Errorf("nowhere is %s", body)
	}
	f.sessions = []*changefeed.SessionRow{sessionRow("a", "Alex", 3)}
	f.seen = []syncer.LastSeen{{Server: "b", At: syncer.TimeOf(testNow)}}
	want = `{"online":[{"uuid":"Alex","name":"Alex","server":"a","gamemode":"pvp",` +
		`"since":"2030-01-02T03:04:05.006Z"}],` +
		`"lastSeen":[{"server":"b","at":"2030-01-02T03:04:05.006Z"}]}`
	if body := f.ask(t, "GET", "/v1/players/Alex/presence", "").wants(http.StatusOK).Body.String(); body != want {
		t.Errorf("he is %s", body)
	}
	f.ask(t, "GET", "/v1/players/%00/presence", "").problem(http.StatusUnprocessableEntity).names(t, "id")
}

func TestServers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var list wire.ServerList
	if f.ask(t, "GET", "/v1/servers", "").wants(http.StatusOK).into(&list); len(list.Servers) != 1 ||
		list.Servers[0].Name != testHome.Name || !list.Servers[0].Alive {
		t.Errorf("servers %+v", list)
	}
	f.fail = syncer.Unavailable(nil)
	f.ask(t, "GET", "/v1/servers", "").problem(http.StatusServiceUnavailable)
	f.ask(t, "POST", "/v1/servers/start", "").wants(http.StatusNoContent)
	if f.from != testHome {
		t.Errorf("started %+v", f.from)
	}
	f.ask(t, "POST", "/v1/servers/start", "", "Syncer-Server: other").problem(http.StatusBadRequest).names(t,
		"Syncer-Gamemode", "Syncer-Address")
}

func TestPresenceEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	from := f.events.LastID()
	f.events.Publish(changefeed.Event{
		Type: changefeed.EventPresence, Session: &sessionRow("a", "Alex", 1).Session, Online: true,
	})
	body := f.ask(t, "GET", "/v1/events?types=presence&wait=0s&after="+from, "").wants(http.StatusOK).Body.String()
	want := `"type":"presence","data":{"uuid":"Alex","name":"Alex","server":"a","gamemode":"pvp",` +
		`"since":"2030-01-02T03:04:05.006Z","online":true}}]`
	if !strings.HasSuffix(body, want) {
		t.Errorf("told %s", body)
	}
}

func TestTransients(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const path = "/v1/players/Alex/transients"
	other := []string{"Syncer-Server: other", "Syncer-Gamemode: pvp", "Syncer-Address: 127.0.0.1:1"}
	f.ask(t, "PUT", path+"/pet", `{"value": {"a": [1, null]}, "ttl": "1h", "resetOnJoin": true}`).
		wants(http.StatusNoContent)
	f.ask(t, "PUT", path+"/menu", `{"value": null, "ttl": null}`).wants(http.StatusNoContent)
	var pet wire.Transient
	f.ask(t, "GET", path+"/pet", "").wants(http.StatusOK).into(&pet)
	if string(pet.Value) != `{"a":[1,null]}` || !pet.ResetOnJoin ||
		!strings.HasPrefix(pet.ExpiresAt.String(), "2030-01-02T04:04:") {
		t.Errorf("got %+v", pet)
	}
	want := `{"transients":[{"key":"menu","value":null,"expiresAt":null,"resetOnJoin":false},{"key":"pet",`
	if body := f.ask(t, "GET", path, "").wants(http.StatusOK).Body.String(); !strings.HasPrefix(body, want) {
		t.Errorf("listed %s", body)
	}
	if body := f.ask(t, "GET", path, "", other...).wants(http.StatusOK).Body.String(); body != `{"transients":[]}` {
		t.Errorf("another server sees %s", body)
	}
	f.ask(t, "GET", path+"/pet", "", other...).problem(http.StatusNotFound)
	f.ask(t, "DELETE", path+"/pet", "").wants(http.StatusNoContent)
	f.ask(t, "GET", path+"/pet", "").problem(http.StatusNotFound)
	for body, field := range map[string]string{
		`{}`:                          "value",
		`{"value":1,"ttl":5}`:         "ttl",
		`{"value":1,"ttl":"soon"}`:    "ttl",
		`{"value":1,"ttl":"31d"}`:     "ttl",
		`{"value":1,"resetOnJoin":1}`: "resetOnJoin",
		`{"value":1,"by":"Steve"}`:    "by",
		`[]`:                          "body",
	} {
		f.ask(t, "PUT", path+"/pet", body).problem(http.StatusUnprocessableEntity).names(t, field)
	}
	large := `{"value":"` + strings.Repeat("x", syncer.MaxTransientValue) + `"}`
	f.ask(t, "PUT", path+"/pet", large).problem(http.StatusRequestEntityTooLarge).names(t, "value")
	p := f.ask(t, "PUT", path+"/a%20b", `{"value":1}`).problem(http.StatusUnprocessableEntity)
	if p.names(t, "key"); p.Errors[0].In != inPath {
		t.Errorf("a bad key is in the %s", p.Errors[0].In)
	}
	for i := range 63 {
		f.ask(t, "PUT", path+"/k"+strings.Repeat("x", i), `{"value":1}`).wants(http.StatusNoContent)
	}
	f.ask(t, "PUT", path+"/pet", `{"value":1}`).problem(http.StatusInsufficientStorage).names(t, "key")
	f.ask(t, "PUT", "/v1/players/%2F/transients/pet", `{"value":1}`).wants(http.StatusNoContent)
	f.ask(t, "GET", "/v1/players/%2F/transients/pet", "").wants(http.StatusOK)
}
