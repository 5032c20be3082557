package store_test

import (
	"context"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry"
	"playersync/syncer/store"
)

func TestApprovedUSIDIsStoredForThatServer(t *testing.T) {
	t.Parallel()
	saves, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn,
		`insert into player (uuid, rank, addresses)
		values ('a', 'mod', '{"one:1": {"usid": "old"}, "two:2": {"usid": "old"}}')`)
	for _, address := range []string{"one:1", "one:1", "two:2"} { // the JDK sends some requests twice
		rejection := mindustry.USIDRejection{Code: "01234-2", ID: "a", Address: address, USID: "new"}
		if err := saves.AddUSIDRejection(t.Context(), rejection); err != nil {
			t.Fatal(err)
		}
	}
	if open, err := saves.RejectedUSIDs(t.Context(), 10); err != nil || len(open) != 2 || open[0].Address != "two:2" ||
		open[0].Rank != "mod" || open[0].RejectedAt.IsZero() {
		t.Errorf("open are %+v, %v", open, err)
	}
	for given, want := range map[[2]string]syncer.Code{
		{"01234-2", ""}: syncer.CodeInvalid, {"other", ""}: syncer.CodeNotFound,
		{"01234-2", "three:3"}: syncer.CodeNotFound,
	} {
		if _, err := saves.ApproveUSID(t.Context(), given[0], given[1]); syncer.CodeOf(err) != want {
			t.Errorf("approving %q gives %v, want %s", given, err, want)
		}
	}
	got, err := saves.ApproveUSID(t.Context(), "01234-2", "one:1")
	if err != nil || got.ID != "a" || got.Address != "one:1" {
		t.Errorf("approved %+v, %v", got, err)
	}
	addresses := value[string](t, conn, `select addresses::text from player`)
	if addresses != `{"one:1": {"usid": "new"}, "two:2": {"usid": "old"}}` {
		t.Errorf("addresses are %s", addresses)
	}
	if _, err := saves.ApproveUSID(t.Context(), "01234-2", "one:1"); syncer.CodeOf(err) != syncer.CodeConflict {
		t.Errorf("approving again gives %v", err)
	}
	if got, err := saves.ApproveUSID(t.Context(), "01234-2", ""); err != nil || got.Address != "two:2" {
		t.Errorf("the one that is left is %+v, %v", got, err)
	}
	if open, err := saves.RejectedUSIDs(t.Context(), 10); err != nil || len(open) != 0 {
		t.Errorf("open are %+v, %v", open, err)
	}
	if _, err := conn.Exec(t.Context(), `select approve_usid('01234-2')`); err == nil {
		t.Error("a code was approved twice in psql")
	}
}

// The audit says on which server's address a usid was replaced, and by whom; which it was and is
// stays secret. The first one of an address is no replacement.
func TestReplacedUSIDsAreAudited(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Server: "lobby"})
	conn := psql(t, url)
	save := func(id syncer.PlayerID, usids map[string]string) {
		t.Helper()
		edit := merge.Edit{Addresses: map[string]merge.AddressEdit{}}
		for address, usid := range usids {
			edit.Addresses[address] = merge.AddressEdit{USID: &usid}
			if usid == "" {
				edit.Addresses[address] = merge.AddressEdit{}
			}
		}
		if _, _, err := s.SaveBatch(t.Context(), newBatch(map[syncer.PlayerID]merge.Edit{id: edit})); err != nil {
			t.Fatal(err)
		}
	}
	said := func(want ...string) {
		t.Helper()
		got := column[string](t, conn, `
			select concat_ws(' ', what, target, was, '→', is_now, 'by', who, server) from audit_log`)
		expectEqual(t, strings.Join(got, "\n"), strings.Join(want, "\n"))
		run(t, conn, "delete from audit")
	}
	save("a", map[string]string{"one:1": "secret", "two:2": "secret", "three:3": "secret"})
	save("a", map[string]string{"one:1": "secret", "four:4": "secret"})
	said()
	save("a", map[string]string{"one:1": "other", "two:2": "", "three:3": "other", "five:5": "other"})
	said(`player usid a ["one:1", "three:3", "two:2"] → ["one:1", "three:3"] by postgres lobby`)
	rejection := mindustry.USIDRejection{Code: "01234-2", ID: "a", Address: "one:1", USID: "rejected"}
	if err := s.AddUSIDRejection(t.Context(), rejection); err != nil {
		t.Fatal(err)
	}
	ctx := syncer.WithServer(syncer.WithActor(t.Context(), "Alice"), "pvp")
	if _, err := s.ApproveUSID(ctx, "01234-2", ""); err != nil {
		t.Fatal(err)
	}
	said(`player usid a ["one:1"] → ["one:1"] by Alice pvp`)
	run(t, conn, `update player set rank = 'mod', addresses = '{"one:1": {"usid": null}}'`)
	number := value[int64](t, conn, `select max(id) from audit where field = 'usid'`)
	if _, _, _, err := s.RevertAudit(context.Background(), number, "", ""); syncer.CodeOf(err) != syncer.CodeConflict {
		t.Errorf("taking it back: %v", err)
	}
	said(`player usid a ["five:5", "four:4", "one:1", "three:3"] → [] by postgres`,
		"player rank a player → mod by postgres")
	if kept := reads(t, conn, "secret"); len(kept) > 1 {
		t.Errorf("usids are in %v", kept)
	}
}
