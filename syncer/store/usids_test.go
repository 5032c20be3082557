package store_test

import (
	"testing"

	"playersync/syncer"
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
