package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres/pgtest"
)

// wholeRow is the row of [outage.veteran] in words.
const wholeRow = `
select coalesce(max(concat_ws(' ', name, rank, flags::text, language, gamemodes #>> '{gamemode-a,stats,blocks}',
	gamemodes #>> '{pvp,stats,wins}', gamemodes #>> '{pvp,firstJoined}', addresses #>> '{127.0.0.1:6567,usid}',
	(select string_agg(action, ',') from player_history as h where h.uuid = player.uuid))), 'gone')
from player where uuid = '` + steve + `'`

// veteran brings in a player of whom there is something to lose: 100 blocks and then 5
// more that the server counted and has not told.
func (o *outage) veteran() {
	o.t.Helper()
	run(o.t, o.psql, `
		insert into player (uuid, name, language, gamemodes) values ('`+steve+`', 'Steve', 'fr',
			'{"pvp": {"firstJoined": 1000, "stats": {"wins": 7}}, "gamemode-a": {"stats": {"blocks": 100}}}');
		insert into player_history (uuid, action, by, time) values ('`+steve+`', 'warned', 'Alex', now())`)
	o.must(http.MethodPost, player(steve)+"/join", `{"name": "Steve", "ip": "192.0.2.1", "usid": "proof"}`)
	o.saved() // else two writes are under way, and only a read by the feed tells which came last
	o.must(http.MethodPatch, player(steve), `{"rank": "mod", "flags": {"add": ["member"]}}`)
	o.saved()
	if row, want := one[string](o.t, o.psql, wholeRow), "Steve mod {member} fr 100 7 1000 proof warned"; row != want {
		o.t.Fatalf("before: %s, want %s", row, want)
	}
}

// What is deleted while the player is on a server comes back with the next save, but for
// what is important.
func TestSaveOntoARowThatIsGoneBringsItBackWhole(t *testing.T) {
	t.Parallel()
	const deleted = `delete from player where uuid = '` + steve + `'`
	noticed := func(o *outage) {
		run(o.t, o.psql, deleted)
		pgtest.Eventually(o.t, waitTimeout, func() error {
			if a := o.get(player(steve)); a.status != http.StatusNotFound {
				return fmt.Errorf("%d %s", a.status, a.body)
			}
			return nil
		})
	}
	for name, gone := range map[string]func(o *outage){
		"deleted in psql": noticed,
		"deleted in psql, not noticed": func(o *outage) {
			run(o.t, o.psql, `set syncer.notify = 'later'; `+deleted)
		},
		"deleted in psql, and the player joins again": func(o *outage) {
			noticed(o)
			o.join(steve, "Steve")
		},
		"deleted while the database is away": func(o *outage) {
			o.begin()
			run(o.t, o.psql, deleted)
		},
		"an older backup is restored": (*outage).restoreOlder,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t)
			o.veteran()
			gone(o)
			o.must(http.MethodPost, player(steve)+"/leave", `{"name": "Steve", "stats": {"blocks": 105}}`)
			o.end()
			eventuallyRow(t, o.psql, wholeRow, "Steve player {} fr 105 7 1000 proof warned")
			equal(t, o.psql, cast{players: []string{steve}}, o.node)
		})
	}
}

// restoreOlder puts a database in place of the rig's in which the player never was.
func (o *outage) restoreOlder() {
	o.t.Helper()
	older, conn := database(o.t)
	_ = conn.Close(o.t.Context())
	o.begin()
	_ = o.psql.Close(o.t.Context())
	admin := connect(o.t, named(o.t, o.url, "postgres"))
	name := databaseOf(o.t, o.url)
	o.t.Cleanup(func() { dropDatabase(o.t, o.url, name+"_old") })
	run(o.t, admin, "alter database "+databaseOf(o.t, older)+" rename to "+name+"_new")
	swap(o.t, admin, name)
	o.psql = connect(o.t, o.url)
}

// The plugin uploads whole copies, and of a row that is gone everything is taken. What is
// important is taken from an important change only: without a row the plugin was told
// nothing, so all of its copy is what it changed.
func TestPluginUploadOntoARowThatIsGone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		important, noticed bool
		want               string
	}{
		{important: false, noticed: false, want: "player {} 4"},
		{important: false, noticed: true, want: "player {} 4"},
		{important: true, noticed: false, want: "player {member} 3"},
		{important: true, noticed: true, want: "mod {member} 3"},
	} {
		t.Run(fmt.Sprintf("important %t, noticed %t", test.important, test.noticed), func(t *testing.T) {
			t.Parallel()
			url, psql := database(t)
			n := start(t, url, "a").ready()
			p := newPlugin(strings.TrimPrefix(n.URL(), "http://"), "a", "pvp", 7000, 1)
			for range 3 {
				p.play(steve)
			}
			mustEach(t, p.connect(steve), p.autosave(steve))
			mustEach(t, p.change(steve, func(f *fishPlayer, _ int64) { f.Rank = "mod" }, "ranked"))
			eventuallyRow(t, psql, `select count(*) from player where gamemodes -> 'pvp' ? 'firstJoined'`, 1)
			deleteOf(t, psql, n, test.noticed)
			if test.important {
				mustEach(t, p.change(steve,
					func(f *fishPlayer, _ int64) { f.Flags = withFlag(f.Flags, "member", true) }, ""))
			} else {
				p.play(steve)
				mustEach(t, p.autosave(steve))
			}
			eventuallyRow(t, psql, `select coalesce(max(concat_ws(' ', name, gamemodes #>> '{pvp,firstJoined}',
				(select string_agg(action, ',') from player_history), rank, flags::text,
				gamemodes #>> '{pvp,stats,timeInGame}')), 'gone')
				from player`, fmt.Sprintf("Steve %d ranked %s", p.known(steve).FirstJoined, test.want))
		})
	}
}

func deleteOf(t *testing.T, psql *pgx.Conn, n *node, notice bool) {
	t.Helper()
	if !notice {
		run(t, psql, `set syncer.notify = 'later'; delete from player`)
		return
	}
	run(t, psql, `delete from player`)
	pgtest.Eventually(t, waitTimeout, func() error {
		if a := n.get(player(steve)); a.status != http.StatusNotFound {
			return fmt.Errorf("%d %s", a.status, a.body)
		}
		return nil
	})
}

func mustEach(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}
