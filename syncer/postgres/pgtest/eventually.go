package pgtest

import (
	"testing"
	"time"
)

// WaitTimeout is how long a test waits for what must happen, also on a machine that is
// busy with twenty other things.
const WaitTimeout = 3 * time.Minute

// Eventually returns once condition returns nil, and fails the test with the
// condition's last error if it has not within the time. The condition runs in
// the test's goroutine, now and about a hundred times a second. The time is a
// limit for what is broken, not a measure of speed: [WaitTimeout], or longer.
func Eventually(t testing.TB, timeout time.Duration, condition func() error) {
	t.Helper()
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := condition()
		if err == nil {
			return
		}
		select {
		case <-deadline.C:
			t.Fatalf("after %v still: %v", timeout, err)
		case <-ticker.C:
		}
	}
}
