package daemon_test

import (
	"fmt"
	"net/http"
	"strings"

	"playersync/syncer/postgres/pgtest"
)

const (
	disableTriggers = `
		alter table player disable trigger user;
		alter table player_history disable trigger user;
		alter table ban disable trigger user`
	silentEdits = `
		update player set rank = 'silent' || clock_timestamp();
		delete from ban;
		insert into ban (uuid) values ('player/0+==')`
)

// enableTriggers restores every trigger of ours to firing always.
const enableTriggers = `do $$
declare t record;
begin
	for t in
		select tgrelid::regclass as place, tgname from pg_trigger
		where tgrelid in ('player'::regclass, 'player_history'::regclass, 'ban'::regclass) and not tgisinternal
	loop
		execute format('alter table %s enable always trigger %I', t.place, t.tgname);
	end loop;
end $$`

// triggersDisabled edits rows of which no trigger tells: the feeds read everything again while
// triggers are off, and once more when they are back.
func (r *rig) triggersDisabled() {
	run(r.t, r.psql, disableTriggers)
	for _, n := range r.nodes {
		pgtest.Eventually(r.t, waitTimeout, func() error { return n.advises("enable always trigger") })
	}
	run(r.t, r.psql, silentEdits)
	r.equal()
	for _, n := range r.nodes {
		if a := n.get("/readyz"); a.status == http.StatusOK {
			r.t.Errorf("node %s says that it is ready", n.name)
		}
	}
	run(r.t, r.psql, enableTriggers)
	for _, n := range r.nodes {
		n.ready()
	}
	<-r.start(10)
}

// triggersDisabledBriefly disables them, edits rows and enables them again between two polls.
// Nothing is left to see but that the triggers were altered.
func (r *rig) triggersDisabledBriefly() {
	reloaded := r.beforeReloads("triggers_altered")
	run(r.t, r.psql, `begin;`+disableTriggers+`;`+silentEdits+`;`+enableTriggers+`; commit`)
	r.equal()
	reloaded()
}

// advises checks that the node says that it does not follow, and what to do.
func (n *node) advises(what string) error {
	if a := n.get("/readyz"); a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), what) {
		return fmt.Errorf("node %s: %d %s", n.name, a.status, a.body)
	}
	return nil
}
