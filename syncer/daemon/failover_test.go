package daemon_test

import (
	"flag"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// failovers is how often TestFailover lets a standby take over.
var failovers = flag.Int("failovers", 2, "how often a standby takes over in TestFailover")

// network is two sidecars whose database is on a primary and a standby.
type network struct {
	*pgtest.Replicas
	t     testing.TB
	nodes []*node
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	w := &network{Replicas: pgtest.NewReplicas(t), t: t}
	if err := store.Migrate(t.Context(), w.PrimaryURL()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		w.nodes = append(w.nodes, start(t, w.URL(), name, beating.adapt, shortTimeouts).ready())
	}
	return w
}

// equal waits until every node's memory equals the primary's rows.
func (w *network) equal(c cast) {
	w.t.Helper()
	equal(w.t, connect(w.t, w.PrimaryURL()), c, w.nodes...)
}

// TestFailover kills the primary of a pair with a synchronous standby, again and again, while
// game servers write. Whatever a sidecar said was stored is stored, once, on the server that
// took over.
func TestFailover(t *testing.T) {
	t.Parallel()
	w := newNetwork(t)
	w.Synchronous()
	psql := connect(t, w.PrimaryURL())
	run(t, psql, `insert into currency values ('coins')`)
	log := &acknowledged{}
	for i := range w.nodes {
		w.nodes[i].join(log.player(i), "Player")
	}
	for round := range *failovers {
		stop := log.write(w.nodes)
		log.progress(t, 10)
		w.Primary.Kill()
		w.Promote()
		promoted := time.Now()
		log.progress(t, 10)
		t.Logf("failover %d: %v from the promotion to ten writes more", round+1, time.Since(promoted))
		stop()
		for _, n := range w.nodes {
			n.ready()
		}
		w.equal(log.cast())
		log.check(t, connect(t, w.PrimaryURL()))
		w.Rejoin()
		w.Synchronous() // the next one has everything too
	}
}

// acknowledged is what sidecars said they have stored.
type acknowledged struct {
	mu     sync.Mutex
	bans   []string
	notes  []string
	coins  [2]int // by node
	blocks [2]int
	last   int
}

func (*acknowledged) player(node int) string { return fmt.Sprintf("player of %d", node) }

func (a *acknowledged) cast() cast {
	a.mu.Lock()
	defer a.mu.Unlock()
	return cast{players: []string{a.player(0), a.player(1)}, ids: slices.Clone(a.bans)}
}

// write lets each node's game server write until stop is called.
func (a *acknowledged) write(nodes []*node) (stop func()) {
	ended := make(chan struct{})
	var writers sync.WaitGroup
	for i, n := range nodes {
		writers.Go(func() {
			for !isClosed(ended) {
				a.ban(n)
				a.note(n, a.player(i))
				a.pay(n, i)
				a.leave(n, i)
			}
		})
	}
	return func() {
		close(ended)
		writers.Wait()
	}
}

// add remembers what a write that succeeded has stored.
func (a *acknowledged) add(remember func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	remember()
}

// next is a number that no other write has.
func (a *acknowledged) next() (number int) {
	a.add(func() { a.last++; number = a.last })
	return number
}

func (a *acknowledged) ban(n *node) {
	id := fmt.Sprintf("ban %d", a.next())
	if isStored(n.try(http.MethodPost, "/v1/bans", fmt.Sprintf(`{"uuid": %q}`, id))) {
		a.add(func() { a.bans = append(a.bans, id) })
	}
}

func (a *acknowledged) note(n *node, id string) {
	note := fmt.Sprintf("note %d", a.next())
	body := fmt.Sprintf(`{"history": [{"action": %q, "by": "Alex"}]}`, note)
	if isStored(n.try(http.MethodPatch, player(id), body)) {
		a.add(func() { a.notes = append(a.notes, note) })
	}
}

// pay sends a payment until it is known to be made: its key makes it happen once.
func (a *acknowledged) pay(n *node, i int) {
	body := fmt.Sprintf(`{"change": 1, "key": "payment %d"}`, a.next())
	for !isStored(n.try(http.MethodPost, player(a.player(i))+"/balances/coins", body)) {
	}
	a.add(func() { a.coins[i]++ })
}

// leave plays a session in which one block is built.
func (a *acknowledged) leave(n *node, i int) {
	path := player(a.player(i))
	joined, err := n.try(http.MethodPost, path+"/join", `{"name": "Player", "ip": "192.0.2.1"}`)
	if !isStored(joined, err) || joined.field("player") == nil {
		return
	}
	blocks, _ := joined.field("player", "stats", "blocks").(float64)
	if isStored(n.try(http.MethodPost, path+"/leave", fmt.Sprintf(`{"stats": {"blocks": %d}}`, int(blocks)+1))) {
		a.add(func() { a.blocks[i]++ })
	}
}

func isStored(a answer, err error) bool { return err == nil && a.status < 300 }

// progress waits until so many more important changes are stored.
func (a *acknowledged) progress(t *testing.T, more int) {
	t.Helper()
	count := func() (stored int) {
		a.add(func() { stored = len(a.bans) + len(a.notes) + a.coins[0] + a.coins[1] })
		return stored
	}
	want := count() + more
	pgtest.Eventually(t, waitTimeout, func() error {
		if stored := count(); stored < want {
			return fmt.Errorf("%d changes are stored, want %d", stored, want)
		}
		return nil
	})
}

// check looks for all of it among the rows.
func (a *acknowledged) check(t *testing.T, psql *pgx.Conn) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if lost := one[[]string](t, psql,
		`select coalesce(array_agg(b), '{}') from unnest($1::text[]) as b where b not in (select uuid from ban)`,
		a.bans); len(lost) > 0 {
		t.Errorf("bans are lost: %v", lost)
	}
	if notes := one[[]string](t, psql, `
		select coalesce(array_agg(n || ' ' || times), '{}')
		from unnest($1::text[]) as n
		cross join lateral (select count(*) as times from player_history where action = n) as stored
		where times <> 1`, a.notes); len(notes) > 0 {
		t.Errorf("notes that are not stored once: %v", notes)
	}
	for i, name := range []string{"a", "b"} {
		coins := one[int](t, psql, `select amount from balance where uuid = $1`, a.player(i))
		blocks := one[int](t, psql, `select (gamemodes #>> array['gamemode-' || $2, 'stats', 'blocks'])::int
			from player where uuid = $1`, a.player(i), name)
		if coins != a.coins[i] || blocks != a.blocks[i] {
			t.Errorf("%s: %d coins and %d blocks, want %d and %d", a.player(i), coins, blocks, a.coins[i], a.blocks[i])
		}
	}
}

// TestStandbyThatLostTransactions promotes a standby that lacks what the primary had stored and
// told: memory goes back with it.
func TestStandbyThatLostTransactions(t *testing.T) {
	t.Parallel()
	w := newNetwork(t)
	everyone := cast{players: []string{steve}, ids: []string{"kept", "lost"}}
	w.nodes[0].join(steve, "Steve")
	w.nodes[0].must(http.MethodPatch, player(steve), `{"rank": "kept"}`)
	w.nodes[0].must(http.MethodPost, "/v1/bans", `{"uuid": "kept"}`)
	w.equal(everyone)
	w.CatchUp()
	w.Standby.Shutdown(t.Context())
	w.nodes[0].must(http.MethodPatch, player(steve), `{"rank": "lost"}`)
	w.nodes[0].must(http.MethodPost, "/v1/bans", `{"uuid": "lost"}`)
	for _, n := range w.nodes {
		n.sees(steve, "lost", "rank")
		n.banned(`{"uuid": "lost"}`, true)
	}
	w.Primary.Kill()
	if err := w.Standby.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Promote()
	for _, n := range w.nodes {
		n.sees(steve, "kept", "rank")
		n.banned(`{"uuid": "lost"}`, false)
		n.banned(`{"uuid": "kept"}`, true)
	}
	w.equal(everyone)
	w.nodes[1].must(http.MethodPatch, player(steve), `{"rank": "new"}`)
	w.equal(everyone)
}

// TestSplitBrain leaves a primary that was replaced running under its address, and lets
// people write there. No sidecar that has seen the new one goes back.
func TestSplitBrain(t *testing.T) {
	t.Parallel()
	w := newNetwork(t)
	everyone := cast{players: []string{steve}, ids: []string{"on the old one"}}
	w.nodes[0].join(steve, "Steve")
	w.equal(everyone)
	w.CatchUp()
	w.Primary.Shutdown(t.Context())
	w.Promote()
	for _, n := range w.nodes {
		n.ready()
	}
	if err := w.Standby.Restart(t.Context()); err != nil { // it is a primary still
		t.Fatal(err)
	}
	run(t, connect(t, w.Standby.DatabaseURL(w.Database)),
		`insert into ban (uuid) values ('on the old one'); update player set rank = 'of the old one'`)
	for _, how := range []string{"connections are ended", "the server is restarted"} {
		t.Log(how)
		if how == "connections are ended" {
			run(t, connect(t, w.PrimaryURL()), killAll)
		} else {
			w.Primary.Shutdown(t.Context())
			for _, n := range w.nodes {
				pgtest.Eventually(t, waitTimeout, func() error { return n.advises("replaced by a standby") })
				unavailable(t, "a write", n.send(http.MethodPatch, player(steve), `{"rank": "nowhere"}`))
			}
			if err := w.Primary.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range w.nodes {
			n.ready()
			pgtest.Eventually(t, waitTimeout, func() error {
				if a := n.send(http.MethodPatch, player(steve), `{"rank": "`+how+`"}`); !isStored(a, nil) {
					return fmt.Errorf("%d %s", a.status, a.body)
				}
				return nil
			})
		}
		w.equal(everyone)
	}
}
