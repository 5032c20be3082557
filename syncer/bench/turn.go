package bench

import (
	"iter"
	"time"
)

// turn is how long a contestant works before the next one does: for a time, and for a
// number of operations if these take longer.
type turn struct {
	lasts      time.Duration
	operations int
}

// operation yields the numbers 0, 1, … of the operations to do, until the turn that
// began at a time is over.
func (t turn) operation(began time.Time) iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := 0; n < t.operations || time.Since(began) < t.lasts; n++ {
			if !yield(n) {
				return
			}
		}
	}
}
