//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package postgres

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Where others may write, they may have put programs before us.
func TestProgramsAreNotRunFromWhereOthersMayWrite(t *testing.T) {
	t.Parallel()
	cache := dataDir(t)
	bin := filepath.Join(cache, "postgres", "17.2", "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	writePrograms(t, bin, "17.2")
	search := Search{CacheDir: cache}
	if found, err := find(t.Context(), orDiscard(nil), search, nil, source{}); err != nil || found.Dir != bin {
		t.Fatalf("own cache: %v, %v", found, err)
	}
	installed := standIn(t, "16.4")
	for _, place := range []string{cache, filepath.Dir(filepath.Dir(filepath.Dir(bin))), filepath.Dir(cache)} {
		if err := os.Chmod(place, 0o777); err != nil {
			t.Fatal(err)
		}
		_, err := find(t.Context(), orDiscard(nil), search, nil, official())
		if err == nil || !strings.Contains(err.Error(), "others than you and root may write to "+place) {
			t.Errorf("all may write to %s: %v", place, err)
		}
		if _, err := find(t.Context(), orDiscard(nil), search, []string{installed}, source{}); err != nil {
			t.Errorf("installed programs beside it: %v", err)
		}
		if err := os.Chmod(place, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
