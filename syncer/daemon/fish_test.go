package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"playersync/syncer/daemon"
)

// fishSteps is what each of six servers does.
const fishSteps = 160

// fishNetwork is several servers that speak the plugin's protocol, and what must
// come of what they do.
type fishNetwork struct {
	plugins []*plugin
	ids     []string

	mu      sync.Mutex
	busy    map[string]bool // "id field": a change is under way
	ranks   map[string]string
	flags   map[string]bool // "id flag"
	until   map[string]int64
	history map[string][]fishEntry
}

func newFishNetwork(backends []string, seed uint64) *fishNetwork {
	f := &fishNetwork{
		busy: map[string]bool{}, ranks: map[string]string{}, flags: map[string]bool{}, until: map[string]int64{},
		history: map[string][]fishEntry{},
	}
	for i := range 6 {
		f.plugins = append(f.plugins,
			newPlugin(backends[i%len(backends)], fmt.Sprint("server", i), fmt.Sprint("mode", i/2), 7000+i, seed))
	}
	for i := range 24 {
		f.ids = append(f.ids, fmt.Sprintf("%022d==", i))
	}
	return f
}

// run lets every server do steps things at random, several at a time.
func (f *fishNetwork) run(steps int) error {
	var group errgroup.Group
	for i, p := range f.plugins {
		for range 4 {
			group.Go(func() error {
				for range steps / 4 {
					if err := f.step(i, p); err != nil {
						return fmt.Errorf("%s: %w", p.name, err)
					}
				}
				return nil
			})
		}
	}
	return group.Wait()
}

// connectAll lets each server meet each player and save it once.
func (f *fishNetwork) connectAll() error {
	var group errgroup.Group
	for _, p := range f.plugins {
		group.Go(func() error {
			for _, id := range f.ids {
				if err := p.connect(id); err != nil {
					return err
				}
				if err := p.autosave(id); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (f *fishNetwork) step(i int, p *plugin) error {
	id := f.ids[p.dice(len(f.ids))]
	switch p.dice(8) {
	case 0:
		return p.connect(id)
	case 1:
		p.play(id)
		return p.autosave(id)
	default:
		p.play(id)
		return f.change(i, p, id)
	}
}

// change changes a field that only this server changes of this player, one change
// at a time, so that it is known what must come of it.
func (f *fishNetwork) change(i int, p *plugin, id string) error {
	own := []string{"flag a" + p.name, "flag b" + p.name}
	own = append(own,
		[][]string{{"rank"}, {"mute"}, {"stop"}, nil, nil, nil}[(i+len(f.ids)+slices.Index(f.ids, id))%6]...)
	field := own[p.dice(len(own))]
	key := id + " " + field
	f.mu.Lock()
	if f.busy[key] {
		f.mu.Unlock()
		return p.connect(id)
	}
	f.busy[key] = true
	apply, action := f.plan(p, id, field)
	f.mu.Unlock()
	err := p.change(id, apply, action)
	f.mu.Lock()
	f.busy[key] = false
	f.mu.Unlock()
	return err
}

// plan decides on a value and notes it. The caller holds f.mu.
func (f *fishNetwork) plan(p *plugin, id, field string) (apply func(*fishPlayer, int64), action string) {
	key := id + " " + field
	noted := func(now int64) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.until[key] != now {
			f.until[key] = now
			f.history[id] = append(f.history[id], fishEntry{Action: field, By: p.name, Time: now})
		}
	}
	switch field {
	case "rank":
		ranks := slices.DeleteFunc([]string{"player", "active", "trusted", "mod", "admin"}, func(r string) bool {
			return r == f.ranks[id] || f.ranks[id] == "" && r == "player"
		})
		rank := ranks[p.dice(len(ranks))]
		f.ranks[id] = rank
		return func(m *fishPlayer, _ int64) { m.Rank = rank }, ""
	case "mute":
		return func(m *fishPlayer, now int64) { m.UnmuteTime = now; noted(now) }, field
	case "stop":
		return func(m *fishPlayer, now int64) { m.UnmarkTime = now; noted(now) }, field
	default:
		given := !f.flags[key]
		f.flags[key] = given
		return func(m *fishPlayer, _ int64) { m.Flags = withFlag(m.Flags, field, given) }, ""
	}
}

// losses saves everything once more and compares what is stored with what was done.
func (f *fishNetwork) losses() ([]string, error) {
	var lost []string
	for _, id := range f.ids {
		for _, p := range f.plugins {
			if err := p.autosave(id); err != nil {
				return nil, err
			}
		}
		for _, p := range f.plugins {
			answer, err := p.fetch(id)
			if err != nil {
				return nil, err
			}
			var got fishPlayer
			if err := json.Unmarshal(answer, &got); err != nil {
				return nil, fmt.Errorf("read %q: %w", answer, err)
			}
			lost = append(lost, f.compare(p.name, id, got)...)
		}
	}
	return lost, nil
}

// compare returns how a player differs from what must have come of it.
func (f *fishNetwork) compare(server, id string, got fishPlayer) []string {
	var lost []string
	want := func(what string, got, want any) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			lost = append(lost, fmt.Sprintf("%s of %s at %s is %v, want %v", what, id, server, got, want))
		}
	}
	flags := []string{}
	for key, given := range f.flags {
		if flag, own := strings.CutPrefix(key, id+" "); own && given {
			flags = append(flags, flag)
		}
	}
	slices.Sort(flags)
	slices.Sort(got.Flags)
	want("flags", got.Flags, flags)
	if rank := f.ranks[id]; rank != "" {
		want("rank", got.Rank, rank)
	}
	if until := f.until[id+" mute"]; until != 0 {
		want("mute", got.UnmuteTime, until)
	}
	if until := f.until[id+" stop"]; until != 0 {
		want("stop", got.UnmarkTime, until)
	}
	want("history", len(got.History), len(f.history[id]))
	for _, entry := range f.history[id] {
		if !slices.Contains(got.History, entry) {
			lost = append(lost, fmt.Sprintf("history of %s lacks %v", id, entry))
		}
	}
	return lost
}

func TestUnmodifiedPluginLosesNothing(t *testing.T) {
	t.Parallel()
	url, conn := database(t)
	var nodes []*node
	var backends []string
	for i := range 2 {
		n := start(t, url, fmt.Sprint("fish", i), func(c *daemon.Config) { c.Store.MaxConnections = 4 }).ready()
		nodes = append(nodes, n)
		backends = append(backends, strings.TrimPrefix(n.URL(), "http://"))
	}
	f := newFishNetwork(backends, 1)
	if err := f.connectAll(); err != nil {
		t.Fatal(err)
	}
	if err := f.run(fishSteps); err != nil {
		t.Fatal(err)
	}
	equal(t, conn, cast{players: f.ids}, nodes...)
	lost, err := f.losses()
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range lost {
		t.Error(what)
	}
	equal(t, conn, cast{players: f.ids}, nodes...)
	for _, id := range f.ids {
		for mode, want := range f.counted(id) {
			got := one[int64](t, conn,
				`select (gamemodes -> $2 -> 'stats' ->> 'blocksBroken')::bigint from player where uuid = $1`, id, mode)
			if got != want {
				t.Errorf("%s has %d blocks in %s, want %d", id, got, mode, want)
			}
		}
	}
}

// counted returns what was counted of a player by gamemode.
func (f *fishNetwork) counted(id string) map[string]int64 {
	counted := map[string]int64{}
	for _, p := range f.plugins {
		counted[p.gamemode] += p.players[id].counted
	}
	return counted
}

// naiveBackend is the protocol with the rule that the last upload wins, in memory.
type naiveBackend struct {
	mu      sync.Mutex
	players map[string]*fishPlayer
}

func (b *naiveBackend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ID     string
		Player fishPlayer
		Ignore bool `json:"ignoreActivelySyncedFields"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.URL.Path == "/api/fish-player" {
		if stored := b.players[body.ID]; stored != nil {
			_ = json.NewEncoder(w).Encode(stored)
		}
		return
	}
	if stored := b.players[body.Player.UUID]; stored != nil && body.Ignore {
		body.Player.Rank, body.Player.Flags = stored.Rank, stored.Flags
		body.Player.UnmuteTime, body.Player.UnmarkTime = stored.UnmuteTime, stored.UnmarkTime
	}
	b.players[body.Player.UUID] = &body.Player
}

func TestLastUploadWinsLosesChangesOfThePlugin(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&naiveBackend{players: map[string]*fishPlayer{}})
	defer server.Close()
	f := newFishNetwork([]string{server.Listener.Addr().String()}, 1)
	if err := f.connectAll(); err != nil {
		t.Fatal(err)
	}
	if err := f.run(fishSteps); err != nil {
		t.Fatal(err)
	}
	lost, err := f.losses()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"flags", "history"} {
		if !slices.ContainsFunc(lost, func(what string) bool { return strings.HasPrefix(what, kind) }) {
			t.Errorf("no %s were lost: the test is too gentle", kind)
		}
	}
}
