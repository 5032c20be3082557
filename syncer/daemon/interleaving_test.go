package daemon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"playersync/syncer/postgres/pgtest"
)

// gameServer is one that keeps a copy of a player's record, changes it and sends all
// of it on leaving. Two of them share a sidecar, two share a gamemode.
type gameServer struct {
	*node
	headers  []string
	gamemode string

	record    map[string]any // nil while the player is elsewhere
	uncounted int            // added to the copy's counter since it was taken
	coloured  string         // the copy's highlight, if changed since it was taken
}

// world is what must be in the row in the end.
type world struct {
	rank, language, highlight string
	flags                     map[string]bool
	history                   []string
	blocks                    map[string]int // by gamemode
}

// TestInterleavedServersLoseNothing plays random visits to three servers at once and
// compares the row with a model. Some changes are committed together with those of others.
func TestInterleavedServersLoseNothing(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	others := newCrowd(t, psql)
	third := []string{"Syncer-Server", "c", "Syncer-Gamemode", "gamemode-b", "Syncer-Address", "192.0.2.1:1"}
	var players []string
	rapid.Check(t, func(rt *rapid.T) {
		servers := []*gameServer{
			{node: a, gamemode: "gamemode-a"},
			{node: b, gamemode: "gamemode-b"},
			{node: a, gamemode: "gamemode-b", headers: third},
		}
		id := fmt.Sprintf("player/%d", len(players))
		players = append(players, id)
		play := &play{
			t: rt, id: id, crowd: others,
			world: world{rank: "player", flags: map[string]bool{}, blocks: map[string]int{}},
		}
		for i, n := 0, rapid.IntRange(3, 20).Draw(rt, "steps"); i < n; i++ {
			server := rapid.SampledFrom(servers).Draw(rt, "server")
			rapid.SampledFrom(steps).Draw(rt, "step")(play, server)
		}
		for _, server := range servers {
			server.leave(play)
		}
		play.check(t, psql, a, b)
	})
	equal(t, psql, cast{players: players}, a, b)
	noneMissed(t, a, b)
	others.wantShared()
}

// play is one run of the model. All values in it are drawn from one counter: no two
// servers ever write the same.
type play struct {
	world
	t     *rapid.T
	id    string
	crowd *crowd
	last  int
	here  bool // the player exists
}

func (p *play) next(prefix string) string {
	p.last++
	return fmt.Sprintf("%s%d", prefix, p.last)
}

var steps = []func(*play, *gameServer){
	func(p *play, s *gameServer) { s.join(p) },
	func(p *play, s *gameServer) { s.join(p) },
	func(p *play, s *gameServer) { s.leave(p) },
	func(p *play, s *gameServer) { // build
		if s.record != nil {
			s.uncounted += 5
		}
	},
	func(p *play, s *gameServer) { // choose a colour
		if s.record != nil {
			s.coloured = p.next("[h") + "]"
		}
	},
	func(p *play, s *gameServer) {
		rank := p.next("rank ")
		if s.patch(p, fmt.Sprintf(`{"rank": %q}`, rank)) {
			p.rank = rank
		}
	},
	func(p *play, s *gameServer) {
		remove, add := rapid.IntRange(0, p.last).Draw(p.t, "removed"), p.next("flag ")
		if s.patch(p, fmt.Sprintf(`{"flags": {"add": [%q], "remove": ["flag %d"]}}`, add, remove)) {
			delete(p.flags, fmt.Sprintf("flag %d", remove))
			p.flags[add] = true
		}
	},
	func(p *play, s *gameServer) {
		action := p.next("action ")
		if s.patch(p, fmt.Sprintf(`{"history": [{"action": %q, "by": "Steve"}]}`, action)) {
			p.history = append(p.history, action)
		}
	},
	func(p *play, s *gameServer) { // one server only: held in memory, two would race
		if language := p.next("l"); s.name == "b" && s.patch(p, fmt.Sprintf(`{"language": %q}`, language)) {
			p.language = language
		}
	},
	func(p *play, s *gameServer) { // keeps its copy
		rank, held := p.next("rank "), s.record
		if s.patch(p, fmt.Sprintf(`{"rank": %q}`, rank)) {
			p.rank, s.record = rank, held
		}
	},
	func(p *play, s *gameServer) { // somebody else asks in the name of the server
		if flag := p.next("flag "); s.meddle(p, http.MethodPatch, fmt.Sprintf(`{"flags": {"add": [%q]}}`, flag)) {
			p.flags[flag] = true
		}
	},
	func(p *play, s *gameServer) { s.meddle(p, http.MethodGet, "") },
}

// send is a request in the name of the server.
func (s *gameServer) send(p *play, method, path, body string) answer {
	a, err := s.try(method, path, body, s.headers...)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func (s *gameServer) join(p *play) {
	if s.record != nil {
		return
	}
	a := s.send(p, http.MethodPost, player(p.id)+"/join", `{"name": "Steve", "ip": "192.0.2.1"}`)
	if s.record = body(a, "player"); s.record == nil {
		p.t.Fatalf("join: %d %s", a.status, a.body)
	}
	p.here = true
}

// patch changes what is important, or single fields, and takes the answer for its
// copy, less what it has changed itself.
func (s *gameServer) patch(p *play, change string) bool {
	var a answer
	send := func() { a = s.send(p, http.MethodPatch, player(p.id), change) }
	if p.last%4 == 0 {
		p.crowd.around(s.node, send)
	} else {
		send()
	}
	if a.status == http.StatusNotFound && !p.here {
		return false // nobody has joined yet
	}
	if a.status != http.StatusOK {
		p.t.Fatalf("patch %s: %d %s", change, a.status, a.body)
	}
	if s.record != nil {
		s.record = body(a)
	}
	return true
}

// meddle is a request that another program than the game makes in the name of the server.
func (s *gameServer) meddle(p *play, method, change string) bool {
	a, err := s.try(method, player(p.id), change, append(slices.Clone(page), s.headers...)...)
	if err != nil {
		p.t.Fatal(err)
	}
	missing := a.status == http.StatusNotFound && (!p.here || method == http.MethodGet) // he joined a moment ago
	if a.status != http.StatusOK && !missing {
		p.t.Fatalf("%s %s: %d %s", method, change, a.status, a.body)
	}
	return a.status == http.StatusOK
}

func (s *gameServer) leave(p *play) {
	if s.record == nil {
		return
	}
	if s.uncounted > 0 {
		stats, _ := s.record["stats"].(map[string]any)
		if stats = maps.Clone(stats); stats == nil {
			stats = map[string]any{}
		}
		blocks, _ := stats["blocks"].(float64)
		stats["blocks"] = int(blocks) + s.uncounted
		s.record["stats"] = stats
		p.blocks[s.gamemode] += s.uncounted
	}
	if s.coloured != "" {
		s.record["highlight"], p.highlight = s.coloured, s.coloured
	}
	s.record["rank"], s.record["flags"] = "from a stale copy", []string{"stale"}
	whole, err := json.Marshal(s.record)
	if err != nil {
		p.t.Fatal(err)
	}
	if a := s.send(p, http.MethodPost, player(p.id)+"/leave", string(whole)); a.status != http.StatusNoContent {
		p.t.Fatalf("leave: %d %s", a.status, a.body)
	}
	s.record, s.uncounted, s.coloured = nil, 0, ""
}

// check compares the row with the model, once nothing is left to be stored.
func (p *play) check(t testing.TB, psql *pgx.Conn, nodes ...*node) {
	for _, n := range nodes {
		pgtest.Eventually(t, waitTimeout, func() error {
			if unsaved := n.Unsaved(); unsaved != 0 {
				return fmt.Errorf("%v players are not saved", unsaved)
			}
			return nil
		})
	}
	const sql = `
		select rank, language, coalesce(highlight, ''), array(select unnest(flags) order by 1),
			array(select action from player_history as h where h.uuid = p.uuid order by action),
			coalesce((gamemodes #>> '{gamemode-a,stats,blocks}')::int, 0),
			coalesce((gamemodes #>> '{gamemode-b,stats,blocks}')::int, 0)
		from player as p where uuid = $1`
	var row world
	var flags []string
	var inA, inB int
	err := psql.QueryRow(t.Context(), sql, p.id).Scan(&row.rank, &row.language, &row.highlight, &flags, &row.history,
		&inA, &inB)
	if errors.Is(err, pgx.ErrNoRows) && !p.here {
		return
	}
	if err != nil {
		p.t.Fatal(err)
	}
	slices.Sort(p.history)
	want := fmt.Sprintf("%q %q %q %q %q %d %d", p.rank, p.language, p.highlight, slices.Sorted(maps.Keys(p.flags)),
		p.history, p.blocks["gamemode-a"], p.blocks["gamemode-b"])
	got := fmt.Sprintf("%q %q %q %q %q %d %d", row.rank, row.language, row.highlight, flags, row.history, inA, inB)
	if got != want {
		p.t.Fatalf("the row is not what the servers did\n got %s\nwant %s", got, want)
	}
}
