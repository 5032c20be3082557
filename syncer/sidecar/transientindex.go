package sidecar

import (
	"container/heap"
	"time"

	"playersync/syncer"
)

// sweep drops what has run out and returns when the next does, 0 for never.
func (t *Transients) sweep() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.expire(now)
	if len(t.deadlines) == 0 {
		return 0
	}
	return t.deadlines[0].deadline.Sub(now)
}

func (t *Transients) find(from syncer.GameServer, id syncer.PlayerID, key string) *transient {
	if server, known := t.servers[from.Name]; known {
		return server.players[id][key]
	}
	return nil
}

func (t *Transients) add(value *transient) {
	server, known := t.servers[value.server]
	if !known {
		server = &kept{players: map[syncer.PlayerID]map[string]*transient{}}
		t.servers[value.server] = server
	}
	if server.players[value.id] == nil {
		server.players[value.id] = map[string]*transient{}
	}
	server.players[value.id][value.Key] = value
	t.spent[t.accountOf(value.server)] += value.size()
	t.bytes += value.size()
	t.count++
	if value.deadline.IsZero() {
		return
	}
	heap.Push(&t.deadlines, value)
	if value.place == 0 {
		select {
		case t.wake <- struct{}{}:
		default: // it is awake already
		}
	}
}

func (t *Transients) remove(value *transient) {
	server := t.servers[value.server]
	values := server.players[value.id]
	delete(values, value.Key)
	if len(values) == 0 {
		delete(server.players, value.id)
	}
	if len(server.players) == 0 {
		delete(t.servers, value.server)
	}
	t.spent[t.accountOf(value.server)] -= value.size()
	t.bytes -= value.size()
	t.count--
	if value.place >= 0 {
		heap.Remove(&t.deadlines, value.place)
	}
}

func (t *Transients) expire(now time.Time) {
	for len(t.deadlines) > 0 && !t.deadlines[0].deadline.After(now) {
		t.remove(t.deadlines[0])
	}
}

// deadlines is a heap of values by their deadline.
type deadlines []*transient

func (d deadlines) Len() int { return len(d) }

func (d deadlines) Less(i, j int) bool { return d[i].deadline.Before(d[j].deadline) }

// Swap implements [heap.Interface].
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].place, d[j].place = i, j
}

// Push implements [heap.Interface].
func (d *deadlines) Push(value any) {
	added := value.(*transient)
	added.place = len(*d)
	*d = append(*d, added)
}

// Pop implements [heap.Interface].
func (d *deadlines) Pop() any {
	last := len(*d) - 1
	value := (*d)[last]
	(*d)[last] = nil
	*d, value.place = (*d)[:last], -1
	return value
}
