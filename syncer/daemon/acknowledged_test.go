package daemon_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres/pgtest"
)

// acknowledged is what sidecars said they have stored.
type acknowledged struct {
	mu     sync.Mutex
	bans   []string
	notes  []string
	coins  []int    // by node
	ranks  []string // the last stored
	blocks []int
	doubt  []int    // sessions of which a block may be stored
	unsure []string // notes that may be stored, at any time
	last   int      // number given to a write
}

// newAcknowledged lets a player join each node.
func newAcknowledged(nodes []*node) *acknowledged {
	a := &acknowledged{
		coins: make([]int, len(nodes)), ranks: make([]string, len(nodes)),
		blocks: make([]int, len(nodes)), doubt: make([]int, len(nodes)),
	}
	for i, n := range nodes {
		n.must(http.MethodPost, player(a.player(i))+"/join", arrival)
	}
	return a
}

// arrival is the join of a player whom nobody else bans.
const arrival = `{"name": "Player", "ip": "198.51.100.1"}`

func (*acknowledged) player(node int) string { return fmt.Sprintf("player of %d", node) }

func (a *acknowledged) cast() cast {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := cast{ids: slices.Clone(a.bans)}
	for i := range a.coins {
		c.players = append(c.players, a.player(i))
	}
	return c
}

// write lets each node's game server write until stop is called.
func (a *acknowledged) write(nodes []*node) (stop func()) {
	ended := make(chan struct{})
	var writers sync.WaitGroup
	for i, n := range nodes {
		writers.Go(func() {
			for !isClosed(ended) {
				a.ban(n)
				a.note(n, i)
				a.pay(n, i)
				a.leave(n, i)
				a.touch(n, a.player((i+1)%len(nodes)))
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

// note adds to the history beside an important field, with which it is stored before the answer.
func (a *acknowledged) note(n *node, i int) {
	note := fmt.Sprintf("note %d", a.next())
	body := fmt.Sprintf(`{"rank": %q, "history": [{"action": %[1]q, "by": "Alex"}]}`, note)
	stored := isStored(n.try(http.MethodPatch, player(a.player(i)), body))
	a.add(func() {
		if stored {
			a.notes, a.ranks[i] = append(a.notes, note), note
		} else {
			a.unsure = append(a.unsure, note)
		}
	})
}

// touch changes what is not important of a player whose rank another node changes.
func (a *acknowledged) touch(n *node, id string) {
	_, _ = n.try(http.MethodPatch, player(id), fmt.Sprintf(`{"language": "l%d"}`, a.next()))
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
	joined, err := n.try(http.MethodPost, path+"/join", arrival)
	if !isStored(joined, err) || joined.field("player") == nil {
		return
	}
	blocks, _ := joined.field("player", "stats", "blocks").(float64)
	left, err := n.try(http.MethodPost, path+"/leave", fmt.Sprintf(`{"stats": {"blocks": %d}}`, int(blocks)+1))
	a.add(func() {
		switch {
		case isStored(left, err):
			a.blocks[i]++
		case err != nil, left.field("code") == "outcome_unknown": // the sidecar ended, or was stopped
			a.doubt[i]++
		}
	})
}

func isStored(a answer, err error) bool { return err == nil && a.status < 300 }

// progress waits until so many more important changes are stored.
func (a *acknowledged) progress(t *testing.T, more int) {
	t.Helper()
	count := func() (stored int) {
		a.add(func() {
			stored = len(a.bans) + len(a.notes)
			for _, coins := range a.coins {
				stored += coins
			}
		})
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
func (a *acknowledged) check(t *testing.T, psql *pgx.Conn, nodes []*node) {
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
	for i, n := range nodes {
		coins := one[int](t, psql, `select coalesce(sum(amount), 0)::int from balance where uuid = $1`, a.player(i))
		blocks := one[int](t, psql, `
			select coalesce((gamemodes #>> array['gamemode-' || $2, 'stats', 'blocks'])::int, 0)
			from player where uuid = $1`, a.player(i), n.name)
		rank := one[string](t, psql, `select rank from player where uuid = $1`, a.player(i))
		if rank != a.ranks[i] && !slices.Contains(a.unsure, rank) {
			t.Errorf("%s: rank %s, want %s", a.player(i), rank, a.ranks[i])
		}
		if coins != a.coins[i] {
			t.Errorf("%s: %d coins, want %d", a.player(i), coins, a.coins[i])
		}
		if blocks < a.blocks[i] || blocks > a.blocks[i]+a.doubt[i] {
			t.Errorf("%s: %d blocks, want %d and up to %d more", a.player(i), blocks, a.blocks[i], a.doubt[i])
		}
	}
}
