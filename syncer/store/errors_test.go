package store_test

import (
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/store"
)

// What the driver says of each address that it tried stands in one line of a log.
func TestErrorsOfConnectingAreOneLine(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), "postgres://app@127.0.0.1:1,127.0.0.1:2/x", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	_, err = s.ReadPlayers(t.Context(), []syncer.PlayerID{"a"})
	if err == nil || strings.ContainsAny(err.Error(), "\n\t") || !strings.Contains(err.Error(), "; 127.0.0.1:2 ") {
		t.Errorf("%q", err)
	}
}
