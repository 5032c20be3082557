package sidecar

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"playersync/syncer"
)

// Transients keeps small values for players, each for one game server, in memory
// only: they are gone when their game server starts anew or this process ends. What
// runs out frees its memory by itself.
type Transients struct {
	limits TransientLimits
	wake   chan struct{} // the first deadline is another; capacity 1

	mu        sync.Mutex
	servers   map[string]*kept // by name
	spent     map[string]int   // bytes, by account; see accountOf
	deadlines deadlines
	count     int
	bytes     int
}

// TransientLimits bound what is kept. Zero values mean the defaults.
type TransientLimits struct {
	Keys  int // for each player on one server: 64
	Bytes int // for each of Servers, keys and a little more for each value included: 64 MiB

	// Servers are the names of those that have Bytes each; all others together have as much,
	// so that nobody gets more by asking under another name.
	Servers []string
}

// kept is what is kept for one game server.
type kept struct {
	players map[syncer.PlayerID]map[string]*transient
}

// transient is one value. Its deadline is by the monotonic clock of the process.
type transient struct {
	syncer.Transient
	server   string
	id       syncer.PlayerID
	deadline time.Time // zero: none
	place    int       // among the deadlines, -1: none
}

// overhead is about what a value takes beside its text.
const overhead = 256

func (t *transient) size() int { return len(t.Key) + len(t.Value) + overhead }

// NewTransients returns an empty memory; Run must be running for values to go when
// they run out.
func NewTransients(limits TransientLimits) *Transients {
	limits.Keys = cmp.Or(limits.Keys, 64)
	limits.Bytes = cmp.Or(limits.Bytes, 64<<20)
	return &Transients{
		limits: limits, wake: make(chan struct{}, 1), servers: map[string]*kept{}, spent: map[string]int{},
	}
}

// Put keeps a value in place of the one under its key. Errors: invalid, too_large,
// and full where the player has too many keys or the server too much altogether;
// after an error the one before is still there.
func (t *Transients) Put(from syncer.GameServer, id syncer.PlayerID, value syncer.Transient) error {
	if err := value.Validate(); err != nil {
		return err
	}
	added := &transient{Transient: value, server: from.Name, id: id, place: -1}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.expire(now)
	before := t.find(from, id, value.Key)
	if err := t.hasRoom(added, before); err != nil {
		return err
	}
	if before != nil {
		t.remove(before)
	}
	if value.TTL > 0 {
		added.deadline = now.Add(value.TTL)
	}
	t.add(added)
	return nil
}

// hasRoom refuses what is beyond the limits.
func (t *Transients) hasRoom(added, before *transient) error {
	account := t.accountOf(added.server)
	bytes := t.spent[account] + added.size()
	if before != nil {
		bytes -= before.size()
	} else if server := t.servers[added.server]; server != nil && len(server.players[added.id]) >= t.limits.Keys {
		return full("key", "the player has too many transients on this server; delete some first")
	}
	switch {
	case bytes <= t.limits.Bytes:
		return nil
	case account == "":
		return full("value", "all transients of the servers that are not configured take too much memory; "+
			"delete some first, or name this one in server.others")
	default:
		return full("value", "all transients of this server take too much memory; delete some first")
	}
}

// accountOf returns what a server's values are counted under: its name, or "" with all
// others that are not configured.
func (t *Transients) accountOf(server string) string {
	if slices.Contains(t.limits.Servers, server) {
		return server
	}
	return ""
}

func full(field, message string) error {
	return &syncer.Error{Code: syncer.CodeFull, Field: field, Message: message}
}

// Get returns a value with the time that it has left; not_found if there is none.
func (t *Transients) Get(from syncer.GameServer, id syncer.PlayerID, key string) (syncer.Transient, error) {
	if err := syncer.CheckTransientKey("key", key); err != nil {
		return syncer.Transient{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.expire(now)
	if found := t.find(from, id, key); found != nil {
		return found.left(now), nil
	}
	return syncer.Transient{}, syncer.NotFound("no transient %q of player %q on server %q", key, id, from.Name)
}

// List returns all values of a player on the server, by key.
func (t *Transients) List(from syncer.GameServer, id syncer.PlayerID) []syncer.Transient {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.expire(now)
	var all []syncer.Transient
	if server, known := t.servers[from.Name]; known {
		for _, key := range slices.Sorted(maps.Keys(server.players[id])) {
			all = append(all, server.players[id][key].left(now))
		}
	}
	return all
}

// left returns the value with the time it has left at now.
func (t *transient) left(now time.Time) syncer.Transient {
	value := t.Transient
	if value.TTL > 0 {
		value.TTL = t.deadline.Sub(now)
	}
	return value
}

// Delete drops a value; that there is none is no error.
func (t *Transients) Delete(from syncer.GameServer, id syncer.PlayerID, key string) error {
	if err := syncer.CheckTransientKey("key", key); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if found := t.find(from, id, key); found != nil {
		t.remove(found)
	}
	return nil
}

// Joined implements [VisitObserver]: some values are of one stay only.
func (t *Transients) Joined(from syncer.GameServer, id syncer.PlayerID, _ JoinRequest) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if server, known := t.servers[from.Name]; known {
		for _, value := range server.players[id] {
			if value.ResetOnJoin {
				t.remove(value)
			}
		}
	}
}

// Left implements [VisitObserver]: values stay, for the player may come back.
func (t *Transients) Left(syncer.GameServer, syncer.PlayerID) {}

// Restarted drops all values of a game server that starts.
func (t *Transients) Restarted(from syncer.GameServer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if server, known := t.servers[from.Name]; known {
		for _, values := range server.players {
			for _, value := range values {
				t.remove(value)
			}
		}
	}
}

// Size returns how many values there are, and what they take.
func (t *Transients) Size() (count, bytes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count, t.bytes
}

// Run drops what runs out until ctx ends.
func (t *Transients) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-t.wake:
		case <-ctx.Done():
			return nil
		}
		if next := t.sweep(); next > 0 {
			timer.Reset(next)
		}
	}
}

// The methods below are for callers that hold t.mu.
