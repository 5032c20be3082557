package fish

import (
	"maps"
	"time"

	"playersync/syncer"
)

// queue is how far the servers of one gamemode have got in the staff chat. It is
// guarded by Deliveries.mu.
type queue struct {
	done int64 // number of the message up to which all is delivered
	// given says of messages after done whether they are delivered: false means that the
	// answer which holds them is being written. A message that is not in it waits.
	given   map[int64]bool
	rewinds int // ChatMark.Rewinds taken into account
	polls   int // so far
	polled  time.Time
}

// rewind follows a chat that ends earlier than before.
func (q *queue) rewind(mark syncer.ChatMark) {
	if q.rewinds != mark.Rewinds {
		q.done, q.rewinds, q.given = min(q.done, mark.Base), mark.Rewinds, map[int64]bool{}
	}
}

// advance moves done on over the delivered among the messages that follow it.
func (q *queue) advance(following []*syncer.StaffMessage) {
	for _, m := range following {
		if !q.given[m.Number] {
			break
		}
		q.done = m.Number
	}
	maps.DeleteFunc(q.given, func(number int64, _ bool) bool { return number <= q.done })
}
