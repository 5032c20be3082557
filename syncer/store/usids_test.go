package store_test

import (
	"testing"

	"playersync/syncer"
	"playersync/syncer/store"
)

func TestApprovedUSIDIsStoredForThatServer(t *testing.T) {
	t.Parallel()
	saves, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid, rank, addresses) values ('a', 'mod', '{"one:1": {"usid": "old"}, "two:2": {"usid": "old"}}')`)
	for _, address := range []string{"one:1", "one:1", "two:2"} { // the JDK sends some requests twice
		rejection := syncer.USIDRejection{Code: "01234-2", ID: "a", Address: address, USID: "new"}
		if err := saves.AddUSIDRejection(t.Context(), rejection); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{`select approve_usid('01234-2')`, `select approve_usid('other')`, `select approve_usid('01234-2', 'three:3')`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s succeeds", sql)
		}
	}
	if got := value[string](t, conn, `select approve_usid('01234-2', 'one:1')`); got != "a" {
		t.Errorf("approved for %q", got)
	}
	if got := value[string](t, conn, `select addresses::text from player`); got != `{"one:1": {"usid": "new"}, "two:2": {"usid": "old"}}` {
		t.Errorf("addresses are %s", got)
	}
	if got := value[int64](t, conn, `select count(*) from usid_rejection where approved_at is not null`); got != 1 {
		t.Errorf("%d rejections are marked as approved", got)
	}
}
