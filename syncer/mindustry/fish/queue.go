package fish

import (
	"time"

	"playersync/syncer"
)

// resendWindow is how soon a server that did not get an answer asks again: the JDK
// does at once. By itself it asks every two seconds.
const resendWindow = time.Second

// queue is how far the servers of one gamemode have got in the staff chat. It is
// guarded by Deliveries.mu.
type queue struct {
	done    int64     // number of the message up to which all is surely delivered
	offered int64     // the same with the last answer
	at      time.Time // of the last answer
	again   bool      // the last answer repeated the one before
	failed  bool      // the last answer did not arrive
	answers int       // so far
	rewinds int       // ChatMark.Rewinds taken into account
	polled  time.Time
}

// rewind follows a chat that ends earlier than before.
func (q *queue) rewind(mark syncer.ChatMark) {
	if q.rewinds != mark.Rewinds {
		q.done, q.rewinds = min(q.done, mark.Base), mark.Rewinds
		q.offered = q.done
	}
}

// settle takes the last answer for delivered unless it failed, or is so fresh that
// the next request may be the same one once more. A repeated answer is not
// repeated again; merely looking does not decide about that.
func (q *queue) settle(now time.Time, looking bool) {
	if !q.failed && (q.again && !looking || now.Sub(q.at) >= resendWindow) {
		q.done = q.offered
	}
}

// offer notes an answer that goes up to the given number, and returns its place
// among all answers.
func (q *queue) offer(last int64, now time.Time) int {
	q.again = q.offered > q.done && !q.failed
	q.offered, q.at, q.failed = last, now, false
	q.answers++
	return q.answers
}

// lost notes that an answer did not arrive, if it is still the last one.
func (q *queue) lost(answer int) {
	if answer == q.answers {
		q.failed = true
	}
}
