package merge_test

import (
	"errors"
	"testing"

	"playersync/syncer"
)

// wantInvalid fails unless err refuses just this field.
func wantInvalid(t *testing.T, err error, field string) {
	t.Helper()
	var refusal *syncer.Error
	if !errors.As(err, &refusal) || refusal.Code != syncer.CodeInvalid || refusal.Field != field ||
		refusal.Message == "" {
		t.Errorf("got %v, want a refusal of %q", err, field)
	}
}
