package sidecar

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry/shadow"
)

// ShownStates keeps on disk what game servers were shown; *outbox.Outbox is one.
type ShownStates interface {
	SaveShown(set map[string][]byte, gone []string, last bool) error
	LoadShown(keep func(key string, record []byte)) (inOrder bool, err error)
}

// Bounds of what is remembered of servers that upload whole copies.
const (
	maxTrails    = 20_000           // of all servers and players together
	trailKept    = 24 * time.Hour   // since it was last added to
	trailWarm    = 10 * time.Minute // so long its player stays in memory
	trailWritten = time.Second      // how far the disk may be behind
	trailSwept   = time.Minute
	maxNames     = 1000 // ranks and flags learnt from uploads
)

// trailKey names one server's trail of one player. Counters belong to a gamemode, so
// a server that changes its gamemode begins anew.
type trailKey struct {
	address, gamemode string
	id                syncer.PlayerID
}

// String returns the key on disk: no part holds a line break.
func (k trailKey) String() string {
	return k.address + "\n" + k.gamemode + "\n" + string(k.id)
}

func parseTrailKey(text string) (trailKey, bool) {
	parts := strings.Split(text, "\n")
	if len(parts) != 3 {
		return trailKey{}, false
	}
	return trailKey{parts[0], parts[1], syncer.PlayerID(parts[2])}, true
}

// trail is one entry of trails. Whoever has put something into busy may use it;
// its fields are guarded by trails.mu.
type trail struct {
	busy   chan struct{}
	users  int // that have it or wait for it
	states shadow.History
	used   time.Time
	read   time.Time // when the player was last read for it
	warm   bool      // the player is held in memory
}

// trails is what all servers that upload whole copies were shown. All methods are
// safe for concurrent use.
type trails struct {
	players HeldPlayers
	disk    ShownStates // nil: nothing is kept over a restart
	log     *slog.Logger

	mu      sync.Mutex
	entries map[trailKey]*trail
	changed map[trailKey]bool // since they were last written
	names   map[string]bool   // ranks and flags that uploads contained
}

func newTrails(players HeldPlayers, disk ShownStates, log *slog.Logger) *trails {
	t := &trails{
		players: players, disk: disk, log: log,
		entries: map[trailKey]*trail{}, changed: map[trailKey]bool{}, names: map[string]bool{},
	}
	t.load()
	return t
}

// load takes over what the last session left. After a crash the trails may lack the
// latest uploads, so counters are then only ever raised from there.
func (t *trails) load() {
	if t.disk == nil {
		return
	}
	inOrder, err := t.disk.LoadShown(func(text string, record []byte) {
		key, ok := parseTrailKey(text)
		var states shadow.History
		if !ok || json.Unmarshal(record, &states) != nil {
			t.changed[key] = true // deletes it
			return
		}
		t.entries[key] = &trail{busy: make(chan struct{}, 1), states: states, used: states.Used()}
	})
	if err != nil {
		t.log.Error("cannot read what servers were shown before the restart; their next saves count as the first", "error", err)
	}
	if inOrder {
		return
	}
	for _, entry := range t.entries {
		entry.states = entry.states.Doubted()
	}
}

// take returns the trail for the caller alone, made if need be, and what gives it
// back. Requests of one server for one player so come one after the other.
func (t *trails) take(ctx context.Context, key trailKey) (*trail, func(), error) {
	t.mu.Lock()
	entry, known := t.entries[key]
	if !known {
		if len(t.entries) >= maxTrails+maxTrails/10 { // a flood of ids that nobody has
			t.forget(time.Now())
		}
		entry = &trail{busy: make(chan struct{}, 1)}
		t.entries[key] = entry
	}
	entry.users++
	entry.used = time.Now()
	if !entry.warm {
		entry.warm = true
		t.players.Hold(key.id)
	}
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		entry.users--
	}
	select {
	case entry.busy <- struct{}{}:
		return entry, func() { <-entry.busy; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, nil, syncer.Unavailable(ctx.Err())
	}
}

// put stores the next state of a trail that the caller has taken.
func (t *trails) put(key trailKey, entry *trail, next shadow.History) {
	t.mu.Lock()
	defer t.mu.Unlock()
	entry.states = next
	t.changed[key] = true
}

// learn remembers the names that a server understands, since it sent them.
func (t *trails) learn(save merge.Save) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range append(slices.Clone(save.Flags.Value), save.Rank.Value) {
		if len(t.names) < maxNames {
			t.names[name] = true
		}
	}
}

func (t *trails) knows(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.names[name]
}

// run writes behind and forgets what is old, until ctx ends.
func (t *trails) run(ctx context.Context) error {
	write, sweep := time.NewTicker(trailWritten), time.NewTicker(trailSwept)
	defer write.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-write.C:
			t.write(false)
		case <-sweep.C:
			t.sweep(time.Now())
		case <-ctx.Done():
			t.write(true)
			return nil
		}
	}
}

// write puts what changed on disk.
func (t *trails) write(last bool) {
	t.mu.Lock()
	changed := t.changed
	t.changed = map[trailKey]bool{}
	states := make(map[trailKey]shadow.History, len(changed))
	for key := range changed {
		if entry, known := t.entries[key]; known {
			states[key] = entry.states
		}
	}
	t.mu.Unlock()
	if t.disk == nil || len(changed) == 0 && !last {
		return
	}
	set := make(map[string][]byte, len(states))
	var gone []string
	for key := range changed {
		record, err := json.Marshal(states[key])
		if states[key].IsEmpty() || err != nil {
			gone = append(gone, key.String())
			continue
		}
		set[key.String()] = record
	}
	if err := t.disk.SaveShown(set, gone, last); err != nil {
		t.log.Error("cannot keep on disk what servers were shown; a restart would forget the latest", "error", err)
		t.mu.Lock()
		defer t.mu.Unlock()
		for key := range changed {
			t.changed[key] = true
		}
	}
}

// sweep tidies up.
func (t *trails) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now)
}

// forget lets go of players that were not asked for lately, and forgets old trails
// and, if there are too many, those unused for longest. The caller holds t.mu.
func (t *trails) forget(now time.Time) {
	var idle []trailKey
	for key, entry := range t.entries {
		if entry.users > 0 {
			continue
		}
		idle = append(idle, key)
		if entry.warm && now.Sub(entry.used) > trailWarm {
			entry.warm = false
			t.players.Release(key.id)
		}
	}
	slices.SortFunc(idle, func(a, b trailKey) int { return t.entries[a].used.Compare(t.entries[b].used) })
	excess := len(t.entries) - maxTrails
	for i, key := range idle {
		if i >= excess && now.Sub(t.entries[key].used) <= trailKept {
			break
		}
		if t.entries[key].warm {
			t.players.Release(key.id)
		}
		delete(t.entries, key)
		t.changed[key] = true
	}
}
