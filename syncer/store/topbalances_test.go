package store_test

import (
	"fmt"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/store"
)

func TestTopBalances(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `
		insert into currency (name) values ('coins'), ('gems');
		insert into player (uuid, name) select 'p' || i, 'name ' || i from generate_series(1, 9) as i;
		insert into balance (uuid, currency, amount)
		select 'p' || i, 'coins', greatest(i / 2, 0) from generate_series(1, 9) as i;
		insert into balance (uuid, currency, amount) values ('p1', 'gems', 5)`)
	for size := 1; size < 10; size++ {
		var all []syncer.TopBalance
		for after := ""; ; {
			page, next, err := s.TopBalances(t.Context(), "coins", size, after)
			if err != nil {
				t.Fatal(err)
			}
			if all = append(all, page...); next == "" {
				break
			}
			after = next
		}
		var got []string
		for _, b := range all {
			got = append(got, fmt.Sprint(b.Player, " ", b.Name, " ", b.Amount))
		}
		want := "p9 name 9 4,p8 name 8 4,p7 name 7 3,p6 name 6 3,p5 name 5 2,p4 name 4 2,p3 name 3 1,p2 name 2 1"
		if strings.Join(got, ",") != want {
			t.Errorf("in pages of %d: %s", size, got)
		}
	}
	if _, _, err := s.TopBalances(t.Context(), "coins", 1, "!"); syncer.CodeOf(err) != syncer.CodeInvalid {
		t.Errorf("behind no position: %v", err)
	}
}
