package daemon_test

import (
	"net/http"
	"testing"
)

// A database whose disk is full is an outage for all that would be written, and for nothing else.
func TestFullDiskOfTheDatabase(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.join(steve, "Steve")
	o.must(http.MethodPost, "/v1/bans", `{"uuid": "banned", "reason": "griefing"}`)
	o.saved()
	run(t, o.psql, `
		create function no_space() returns trigger language plpgsql as $$
		begin raise 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$;
		do $do$
		declare name text;
		begin
			foreach name in array '{player, ban, save_batch, player_count, player_visit}'::text[] loop
				execute format('create trigger full_disk before insert or update on %I
					for each statement execute function no_space()', name);
			end loop;
		end $do$`)

	o.banned(`{"uuid": "banned"}`, true)
	if a := o.join("banned", "Banned"); a.field("ban") == nil {
		t.Errorf("the banned player may join: %s", a.body)
	}
	unavailable(t, "patch", o.send(http.MethodPatch, player(steve), `{"rank": "admin"}`))
	unavailable(t, "ban", o.send(http.MethodPost, "/v1/bans", `{"uuid": "other"}`))
	o.leave(steve, 7)
	o.leave("stranger", 3)
	o.must(http.MethodPost, "/v1/player-counts", `{"players": 5}`)
	o.restart(t)
	o.ready() // who only reads is served as ever

	run(t, o.psql, `drop function no_space cascade`)
	o.saved()
	o.wantBlocks(steve, 7)
	o.wantBlocks("stranger", 3)
	eventuallyRow(t, o.psql, `select count(*) from player_count where players = 5`, 1)
	equal(t, o.psql, cast{players: []string{steve}, ids: []string{"banned", "other"}}, o.node)
}
