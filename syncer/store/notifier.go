package store

import (
	"context"
	"encoding/json"
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

// close waits until everything was sent or given up.
func (n *notifier) close() { n.done.Wait() }
