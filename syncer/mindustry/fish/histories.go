package fish

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

// Holder keeps players in memory while they are held.
type Holder interface {
	Hold(id syncer.PlayerID)
	Release(id syncer.PlayerID)
}

// Bounds of what is remembered of servers that upload whole copies.
const (
	maxHistories   = 20_000           // of all servers and players together
	historyKept    = 24 * time.Hour   // since it was last added to
	historyWarm    = 10 * time.Minute // so long its player stays in memory
	historyWritten = time.Second      // how far the disk may be behind
	historySwept   = time.Minute
	maxNames       = 1000 // ranks and flags learnt from uploads
)

// historyKey names one server's history of one player. Counters belong to a gamemode, so
// a server that changes its gamemode begins anew.
type historyKey struct {
	address, gamemode string
	id                syncer.PlayerID
}

// String returns the key on disk: no part holds a line break.
func (k historyKey) String() string {
	return k.address + "\n" + k.gamemode + "\n" + string(k.id)
}

func parseHistoryKey(text string) (historyKey, bool) {
	parts := strings.Split(text, "\n")
	if len(parts) != 3 {
		return historyKey{}, false
	}
	return historyKey{parts[0], parts[1], syncer.PlayerID(parts[2])}, true
}

// history is one entry of histories. Whoever has put something into busy may use it;
// its fields are guarded by histories.mu.
type history struct {
	busy   chan struct{}
	users  int // that have it or wait for it
	states shadow.History
	used   time.Time
	read   time.Time // when the player was last read for it
	warm   bool      // the player is held in memory
}

// histories is what all servers that upload whole copies were shown. All methods are
// safe for concurrent use.
type histories struct {
	players Holder
	disk    ShownStates // nil: nothing is kept over a restart
	log     *slog.Logger

	mu      sync.Mutex
	entries map[historyKey]*history
	changed map[historyKey]bool // since they were last written
	names   map[string]bool     // ranks and flags that uploads contained
}

func newHistories(players Holder, disk ShownStates, log *slog.Logger) *histories {
	h := &histories{
		players: players, disk: disk, log: log,
		entries: map[historyKey]*history{}, changed: map[historyKey]bool{}, names: map[string]bool{},
	}
	h.load()
	return h
}

// load takes over what the last session left. After a crash the histories may lack the
// latest uploads, so counters are then only ever raised from there.
func (h *histories) load() {
	if h.disk == nil {
		return
	}
	inOrder, err := h.disk.LoadShown(func(text string, record []byte) {
		key, ok := parseHistoryKey(text)
		var states shadow.History
		if !ok || json.Unmarshal(record, &states) != nil {
			h.changed[key] = true // deletes it
			return
		}
		h.entries[key] = &history{busy: make(chan struct{}, 1), states: states, used: states.Used()}
	})
	if err != nil {
		h.log.Error("cannot read what servers were shown before the restart; their next saves count as the first",
			"error", err)
	}
	if inOrder {
		return
	}
	for _, entry := range h.entries {
		entry.states = entry.states.Doubted()
	}
}

// take returns the history for the caller alone, made if need be, and what gives it
// back. Requests of one server for one player so come one after the other.
func (h *histories) take(ctx context.Context, key historyKey) (*history, func(), error) {
	h.mu.Lock()
	entry, known := h.entries[key]
	if !known {
		if len(h.entries) >= maxHistories+maxHistories/10 { // a flood of ids that nobody has
			h.forget(time.Now())
		}
		entry = &history{busy: make(chan struct{}, 1)}
		h.entries[key] = entry
	}
	entry.users++
	entry.used = time.Now()
	if !entry.warm {
		entry.warm = true
		h.players.Hold(key.id)
	}
	h.mu.Unlock()
	leave := func() {
		h.mu.Lock()
		defer h.mu.Unlock()
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

// put stores the next state of a history that the caller has taken.
func (h *histories) put(key historyKey, entry *history, next shadow.History) {
	h.mu.Lock()
	defer h.mu.Unlock()
	entry.states = next
	h.changed[key] = true
}

// learn remembers the names that a server understands, since it sent them.
func (h *histories) learn(save merge.Save) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range append(slices.Clone(save.Flags.Value), save.Rank.Value) {
		if len(h.names) < maxNames {
			h.names[name] = true
		}
	}
}

func (h *histories) knows(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.names[name]
}

// run writes behind and forgets what is old, until ctx ends.
func (h *histories) run(ctx context.Context) error {
	write, sweep := time.NewTicker(historyWritten), time.NewTicker(historySwept)
	defer write.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-write.C:
			h.write(false)
		case <-sweep.C:
			h.sweep(time.Now())
		case <-ctx.Done():
			h.write(true)
			return nil
		}
	}
}

// write puts what changed on disk.
func (h *histories) write(last bool) {
	h.mu.Lock()
	changed := h.changed
	h.changed = map[historyKey]bool{}
	states := make(map[historyKey]shadow.History, len(changed))
	for key := range changed {
		if entry, known := h.entries[key]; known {
			states[key] = entry.states
		}
	}
	h.mu.Unlock()
	if h.disk == nil || len(changed) == 0 && !last {
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
	if err := h.disk.SaveShown(set, gone, last); err != nil {
		h.log.Error("cannot keep on disk what servers were shown; a restart would forget the latest", "error", err)
		h.mu.Lock()
		defer h.mu.Unlock()
		for key := range changed {
			h.changed[key] = true
		}
	}
}

// sweep tidies up.
func (h *histories) sweep(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(now)
}

// forget lets go of players that were not asked for lately, and forgets old histories
// and, if there are too many, those unused for longest. The caller holds h.mu.
func (h *histories) forget(now time.Time) {
	var idle []historyKey
	for key, entry := range h.entries {
		if entry.users > 0 {
			continue
		}
		idle = append(idle, key)
		if entry.warm && now.Sub(entry.used) > historyWarm {
			entry.warm = false
			h.players.Release(key.id)
		}
	}
	slices.SortFunc(idle, func(a, b historyKey) int { return h.entries[a].used.Compare(h.entries[b].used) })
	excess := len(h.entries) - maxHistories
	for i, key := range idle {
		if i >= excess && now.Sub(h.entries[key].used) <= historyKept {
			break
		}
		if h.entries[key].warm {
			h.players.Release(key.id)
		}
		delete(h.entries, key)
		h.changed[key] = true
	}
}
