package demo

import (
	"errors"
	"testing"
)

// Why a sidecar ended is said in words, also if it ended without an error.
func TestReasonOfASidecarsEnd(t *testing.T) {
	t.Parallel()
	fault := errors.New("fault")
	if err := (&runningDaemon{err: fault}).reason(); !errors.Is(err, fault) {
		t.Errorf("it is %v", err)
	}
	if err := (&runningDaemon{}).reason(); err == nil {
		t.Error("there is none")
	}
}
