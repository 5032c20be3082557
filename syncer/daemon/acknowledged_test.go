package daemon_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres/pgtest"
)

// acknowledged is what game servers were told of what they wrote: it is stored, or it is not, or
// nobody knows.
type acknowledged struct {
	round  int
	sent   *tally
	stored *atomic.Int64 // how many important changes were stored
	last   *atomic.Int64 // number given to a write

	mu      sync.Mutex
	servers []*server
	unsure  []string // notes that may be stored, at any time
	odd     []string // answers to leaves that there should not be
	denied  []string // bans, and notes, of which a sidecar said that they are not stored
	shared  *linearized
}

// tally counts requests.
type tally struct {
	sent    atomic.Int64
	refused atomic.Int64 // of those: not answered, or by 503
}

// pauseAfterRefusal is what a game server waits at least before it tries anything again.
const pauseAfterRefusal = 20 * time.Millisecond

// try sends a request, and counts it.
func (t *tally) try(n *node, method, path, body string, headers ...string) (answer, error) {
	a, err := n.try(method, path, body, headers...)
	t.sent.Add(1)
	if err != nil || a.status == http.StatusServiceUnavailable {
		t.refused.Add(1)
		<-time.After(pauseAfterRefusal)
	}
	return a, err
}

// server is what one game server was told.
type server struct {
	bans    []string
	notes   []string
	rank    string // the last stored
	blocks  int
	doubt   int  // sessions of which a block may be stored
	damaged bool // files of its sidecar: what waited there may be lost

	// Which of the bans a sidecar knows that was killed and cannot ask the database: those that are
	// on its disk, soon after they were stored, or some time after its disk has room again.
	restarted    bool
	onDisk, soon int // numbers of bans
	full         time.Time
}

// known returns the bans that the sidecar must know of.
func (s *server) known() []string {
	switch {
	case s.damaged:
		return nil
	case s.restarted:
		return s.bans[:s.onDisk]
	default:
		return s.bans
	}
}

// fresh is called whenever the sidecar has read everything, and a while after the last time.
func (s *server) fresh() {
	s.restarted = false
	if time.Since(s.full) > time.Minute {
		s.onDisk, s.soon = s.soon, len(s.bans)
	}
}

// newAcknowledged lets a player join each node.
func newAcknowledged(nodes []*node) *acknowledged {
	return (&acknowledged{sent: &tally{}, stored: &atomic.Int64{}, last: &atomic.Int64{}}).next(nodes)
}

// next returns one with other players, so that none has a long history.
func (a *acknowledged) next(nodes []*node) *acknowledged {
	next := &acknowledged{
		round: a.round + 1, sent: a.sent, stored: a.stored, last: a.last, shared: newLinearized(),
	}
	for i, n := range nodes {
		next.servers = append(next.servers, &server{})
		n.must(http.MethodPost, player(next.player(i))+"/join", arrival)
	}
	nodes[0].must(http.MethodPost, player(next.everybodys())+"/join", arrival)
	return next
}

// arrival is the join of a player whom nobody else bans.
const arrival = `{"name": "Player", "ip": "198.51.100.1"}`

// player is whom one node's game server writes of.
func (a *acknowledged) player(node int) string {
	return fmt.Sprintf("player of %d, round %d", node, a.round)
}

// everybodys is the player of whom all write.
func (a *acknowledged) everybodys() string { return fmt.Sprintf("player of all, round %d", a.round) }

func (a *acknowledged) cast() cast {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := cast{players: []string{a.everybodys()}}
	for i, s := range a.servers {
		c.players = append(c.players, a.player(i))
		c.ids = append(c.ids, s.bans...)
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
				a.ban(n, i)
				a.note(n, i)
				a.promote(n)
				a.pay(n)
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

// add remembers what a write has stored, or not.
func (a *acknowledged) add(remember func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	remember()
}

func isStored(a answer, err error) bool { return err == nil && a.status < 300 }

// isDenied reports whether the answer says that nothing was stored.
func isDenied(a answer, err error) bool {
	return err == nil && a.status >= 300 && a.field("code") != "outcome_unknown"
}

func (a *acknowledged) ban(n *node, i int) {
	id := fmt.Sprintf("ban %d", a.last.Add(1))
	answered, err := a.sent.try(n, http.MethodPost, "/v1/bans", fmt.Sprintf(`{"uuid": %q}`, id))
	a.add(func() {
		switch {
		case isStored(answered, err):
			a.stored.Add(1)
			a.servers[i].bans = append(a.servers[i].bans, id)
		case isDenied(answered, err):
			a.denied = append(a.denied, id)
		}
	})
}

// note adds to the history beside an important field, with which it is stored before the answer.
func (a *acknowledged) note(n *node, i int) {
	note := fmt.Sprintf("note %d", a.last.Add(1))
	body := fmt.Sprintf(`{"rank": %q, "history": [{"action": %[1]q, "by": "Alex"}]}`, note)
	answered, err := a.sent.try(n, http.MethodPatch, player(a.player(i)), body)
	a.add(func() {
		switch {
		case isStored(answered, err):
			a.stored.Add(1)
			a.servers[i].notes, a.servers[i].rank = append(a.servers[i].notes, note), note
		case isDenied(answered, err):
			a.denied = append(a.denied, note)
		default:
			a.unsure = append(a.unsure, note)
		}
	})
}

// promote changes the rank that all change.
func (a *acknowledged) promote(n *node) {
	rank := fmt.Sprintf("rank %d", a.last.Add(1))
	began := a.shared.now()
	answered, err := a.sent.try(n, http.MethodPatch, player(a.everybodys()), fmt.Sprintf(`{"rank": %q}`, rank))
	switch {
	case isStored(answered, err):
		a.stored.Add(1)
		a.shared.wrote(began, rank, true)
		a.shared.read(began, fmt.Sprint(answered.field("rank")))
	case !isDenied(answered, err):
		a.shared.wrote(began, rank, false)
	}
}

// touch changes what is not important of a player whose rank another node changes.
func (a *acknowledged) touch(n *node, id string) {
	_, _ = a.sent.try(n, http.MethodPatch, player(id), fmt.Sprintf(`{"language": "l%d"}`, a.last.Add(1)))
}

// pay changes the balance that all change. It is sent until the outcome is known: its key makes
// it happen once.
func (a *acknowledged) pay(n *node) {
	number := a.last.Add(1)
	change := number%80 - 35
	if change == 0 {
		change = 1
	}
	body := fmt.Sprintf(`{"change": %d, "key": "payment %d"}`, change, number)
	began := a.shared.now()
	for {
		answered, err := a.sent.try(n, http.MethodPost, player(a.everybodys())+"/balances/coins", body)
		receipt, err := read(payment{change: change}, answered, err)
		switch {
		case err != nil: // again
		case receipt.short:
			a.shared.paid(began, change, receipt.held, true)
			return
		default:
			a.stored.Add(1)
			a.shared.paid(began, change, receipt.own.Balance, false)
			return
		}
	}
}

// leave plays a session in which one block is built.
func (a *acknowledged) leave(n *node, i int) {
	path := player(a.player(i))
	joined, err := a.sent.try(n, http.MethodPost, path+"/join", arrival)
	if !isStored(joined, err) || joined.field("player") == nil {
		return
	}
	blocks, _ := joined.field("player", "stats", "blocks").(float64)
	left, err := a.sent.try(n, http.MethodPost, path+"/leave", fmt.Sprintf(`{"stats": {"blocks": %d}}`, int(blocks)+1))
	a.add(func() {
		switch {
		case isStored(left, err):
			a.servers[i].blocks++
		case err != nil, left.field("code") == "outcome_unknown": // the sidecar ended, or was stopped
			a.servers[i].doubt++
		default:
			a.odd = append(a.odd, fmt.Sprintf("%d %s", left.status, left.body))
		}
	})
}

// progress waits until so many more important changes are stored.
func (a *acknowledged) progress(t *testing.T, more int64) {
	t.Helper()
	want := a.stored.Load() + more
	pgtest.Eventually(t, waitTimeout, func() error {
		if stored := a.stored.Load(); stored < want {
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
	if len(a.odd) > 0 {
		t.Errorf("leaves are not stored: %v", a.odd)
	}
	var bans, notes []string
	for i, s := range a.servers {
		bans, notes = append(bans, s.bans...), append(notes, s.notes...)
		a.checkServer(t, psql, i, nodes[i].name)
	}
	if lost := one[[]string](t, psql,
		`select coalesce(array_agg(b), '{}') from unnest($1::text[]) as b where b not in (select uuid from ban)`,
		bans); len(lost) > 0 {
		t.Errorf("bans are lost: %v", lost)
	}
	if notes := one[[]string](t, psql, `
		select coalesce(array_agg(n || ' ' || times), '{}')
		from unnest($1::text[]) as n
		cross join lateral (select count(*) as times from player_history where action = n) as stored
		where times <> 1`, notes); len(notes) > 0 {
		t.Errorf("notes that are not stored once: %v", notes)
	}
	if stored := one[[]string](t, psql, `
		select coalesce(array_agg(d), '{}') from unnest($1::text[]) as d
		where d in (select uuid from ban) or d in (select action from player_history)`, a.denied); len(stored) > 0 {
		t.Errorf("is stored, though a sidecar said that it is not: %v", stored)
	}
	rank := one[string](t, psql, `select rank from player where uuid = $1`, a.everybodys())
	coins := one[int64](t, psql, `select coalesce(sum(amount), 0)::bigint from balance where uuid = $1`, a.everybodys())
	a.shared.check(t, rank, coins)
	if ledger := one[int64](t, psql,
		`select coalesce(sum(change), 0)::bigint from ledger where uuid = $1`, a.everybodys()); ledger != coins {
		t.Errorf("%s: %d coins, but %d in the ledger", a.everybodys(), coins, ledger)
	}
}

func (a *acknowledged) checkServer(t *testing.T, psql *pgx.Conn, i int, name string) {
	t.Helper()
	s := a.servers[i]
	blocks := one[int](t, psql, `
		select coalesce((gamemodes #>> array['gamemode-' || $2, 'stats', 'blocks'])::int, 0)
		from player where uuid = $1`, a.player(i), name)
	rank := one[string](t, psql, `select rank from player where uuid = $1`, a.player(i))
	if s.rank != "" && rank != s.rank && !slices.Contains(a.unsure, rank) {
		t.Errorf("%s: rank %s, want %s", a.player(i), rank, s.rank)
	}
	if blocks < s.blocks && !s.damaged || blocks > s.blocks+s.doubt {
		t.Errorf("%s: %d blocks, want %d and up to %d more", a.player(i), blocks, s.blocks, s.doubt)
	}
}
