package sidecar

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

// pruneRig is an audit whose store has so many batches of old changes.
type pruneRig struct {
	AuditStore
	keep []time.Duration // of each batch
	left int
	fail error
}

// PruneAudit implements AuditStore.
func (r *pruneRig) PruneAudit(_ context.Context, keep time.Duration) (more bool, err error) {
	r.keep = append(r.keep, keep)
	r.left--
	return r.left > 0, r.fail
}

func TestOldChangesAreForgottenInBatches(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		keep time.Duration
		fail error
		want int
	}{{time.Hour, nil, 3}, {0, nil, 0}, {time.Hour, errors.New("away"), 1}} {
		rig := &pruneRig{left: 3, fail: test.fail}
		audit := NewAudit(AuditConfig{Keep: test.keep}, rig, nil, slog.New(slog.DiscardHandler))
		if err := audit.prune(context.Background()); !errors.Is(err, test.fail) {
			t.Errorf("%+v: %v", test, err)
		}
		if len(rig.keep) != test.want || test.want > 0 && rig.keep[0] != test.keep {
			t.Errorf("%+v: forgot %v", test, rig.keep)
		}
	}
}
