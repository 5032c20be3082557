package store

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"sync"

	"playersync/db"
)

// notifier sends the changes of quiet writes. While one message is under way the
// next ones gather, so that many writes cost few notifications.
type notifier struct {
	queries *db.Queries
	log     *slog.Logger

	mu      sync.Mutex
	pending []json.RawMessage
	running bool
	freeing bool
	done    sync.WaitGroup
}

func newNotifier(queries *db.Queries, log *slog.Logger) *notifier {
	return &notifier{queries: queries, log: log}
}

// send takes over changes that were committed; it does not wait.
func (n *notifier) send(changes []json.RawMessage) {
	if len(changes) == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pending = append(n.pending, changes...)
	if !n.running {
		n.running = true
		n.done.Go(n.drain)
	}
}

func (n *notifier) drain() {
	for {
		n.mu.Lock()
		batch := n.pending
		n.pending = nil
		if len(batch) == 0 {
			n.running = false
			n.mu.Unlock()
			return
		}
		n.mu.Unlock()
		n.notify(batch)
	}
}

// notify tries twice, the second time on a fresh connection. After that the
// others' polls find the changes.
func (n *notifier) notify(batch []json.RawMessage) {
	for range 2 {
		err := n.queries.Notify(context.Background(), batch)
		if err == nil {
			return
		}
		n.log.Warn("cannot notify of committed changes; other sidecars find them at their next poll",
			"changes", len(batch), "error", err)
	}
}

// free lets the server free its queue of notifications, which is full. It does that by itself only
// after somebody has added to it: then a queue that was full once stays so, and no write succeeds,
// long after the session has ended that listened and never read.
func (n *notifier) free() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.freeing {
		return
	}
	n.freeing = true
	n.done.Go(func() {
		if err := n.queries.FreeNotifications(context.Background()); err != nil {
			n.log.Warn("the server's queue of notifications is full, and cannot be freed", "error", err)
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		n.freeing = false
	})
}

// committed makes changes known that were committed: it publishes them at once, and sends them
// through the database unless the trigger has done that.
func (s *Store) committed(changes []json.RawMessage, unsent bool) {
	if s.publish != nil {
		for message := range messages(changes) {
			if payload, ok := s.Sign(message); ok {
				s.publish(payload)
			}
		}
	}
	if unsent {
		s.notifier.send(changes)
	}
}

// maxMessage is the size of a published message in bytes. Larger changes are left to the
// database, which shrinks them to their keys.
const maxMessage = 16 << 10

// messages yields changes as few messages.
func messages(changes []json.RawMessage) iter.Seq[string] {
	return func(yield func(string) bool) {
		var message []byte
		for _, change := range changes {
			if len(change) > maxMessage {
				continue
			}
			if len(message) > 0 && len(message)+len(change) > maxMessage {
				if !yield(string(append(message, ']'))) {
					return
				}
				message = nil
			}
			separator := byte(',')
			if len(message) == 0 {
				separator = '['
			}
			message = append(append(message, separator), change...)
		}
		if len(message) > 0 {
			yield(string(append(message, ']')))
		}
	}
}

// close waits until everything was sent or given up.
func (n *notifier) close() { n.done.Wait() }
