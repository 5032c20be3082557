package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/store"
)

func TestSearchFindsAllOnceAndPrefixesFirst(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	parts := []string{
		"Steve", "steve", "STEVE", "%", "_", `\`, "'", "Ä", "ä", "ß", "İ", "é", " ", "[red]", "a", "ab", "🎮",
	}
	n := 0
	for _, a := range append(parts, "") {
		for _, b := range append(parts, "") {
			n++
			run(t, conn, `insert into player (uuid, name) values ($1, $2)`, fmt.Sprintf("%c%d", "aBä%"[n%4], n), a+b)
		}
	}
	for _, name := range append(parts, "st", "eve", "TEVES", "%%", "a%", "_a", `\\`, `\%`, "nobody", "") {
		want := column[string](t, conn, `
			select uuid
			from player
			where position(lower($1::text) in lower(name)) > 0
			order by not starts_with(lower(name), lower($1::text)), lower(name) collate "C", uuid collate "C"`, name)
		for _, size := range []int{1, 7, 1000} {
			if got := searchAll(t, s, name, size); !slices.Equal(got, want) {
				t.Errorf("%q by %d: got %d, want %d: %v, %v", name, size, len(got), len(want), got, want)
			}
		}
	}
	if len(searchAll(t, s, "STEVE", 7)) < 3*len(parts) {
		t.Error("case matters")
	}
	if _, _, err := s.SearchPlayers(context.Background(), "a", 7, "!"); syncer.CodeOf(err) != syncer.CodeInvalid {
		t.Errorf("a position that no page returned: %v", err)
	}
}

// searchAll turns pages until the last.
func searchAll(t *testing.T, s *store.Store, name string, size int) []string {
	t.Helper()
	ids, after := []string{}, ""
	for {
		page, next, err := s.SearchPlayers(context.Background(), name, size, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range page {
			ids = append(ids, string(found.ID))
			if !strings.Contains(strings.ToLower(found.Name), strings.ToLower(name)) && isASCII(name) {
				t.Errorf("%q found %q", name, found.Name)
			}
		}
		if next == "" {
			return ids
		}
		if len(page) != size {
			t.Errorf("a page of %d before the last, want %d", len(page), size)
		}
		after = next
	}
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 127 })
}
