package store_test

import (
	"errors"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/store"
)

// What callers can add to has a limit, which the refusal names.
func TestWhatCallersAddHasALimit(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `
		insert into ban (uuid) values ('Steve');
		insert into ban_note (ban, text) select ban.id, 'note ' || n from ban, generate_series(1, 1000) as n`)
	run(t, conn, `insert into currency (name) select 'currency ' || n from generate_series(1, 1000) as n`)
	number := value[int64](t, conn, `select id from ban`)
	for limit, add := range map[string]func() error{
		"at most 1000 notes": func() error {
			_, err := s.AddBanNote(t.Context(), number, syncer.BanNote{Text: "one more"})
			return err
		},
		"at most 1000 currencies": func() error { _, err := s.AddCurrency(t.Context(), "one more"); return err },
	} {
		err := add()
		refused, _ := errors.AsType[*syncer.Error](err)
		if refused == nil || refused.Code != syncer.CodeInvalid || !strings.Contains(refused.Message, limit) {
			t.Errorf("%s: %v", limit, err)
		}
	}
	if _, err := s.AddCurrency(t.Context(), "currency 1"); err != nil {
		t.Errorf("one that is there: %v", err)
	}
}
