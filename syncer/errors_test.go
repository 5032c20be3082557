package syncer_test

import (
	"errors"
	"fmt"
	"testing"

	"playersync/syncer"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	cause := errors.New("connection refused")
	err := fmt.Errorf("save player: %w", syncer.Unavailable(cause))
	if syncer.CodeOf(err) != syncer.CodeUnavailable || !errors.Is(err, cause) || syncer.CodeOf(cause) != "" {
		t.Errorf("code %q of %v", syncer.CodeOf(err), err)
	}
	if got := syncer.Invalid("rank", "must have %d", 5).Error(); got != "rank: must have 5" {
		t.Errorf("got %q", got)
	}
}
