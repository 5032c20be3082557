package daemon_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"playersync/syncer/fanout/natstest"
	"playersync/syncer/postgres"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// The flags of TestChaos.
var (
	chaosFaults   = flag.Int("chaos.faults", 3, "how often something is broken in each mode of TestChaos")
	chaosDuration = flag.Duration("chaos.duration", 0, "how long there are faults at least, however many that are")
	chaosSeed     = flag.Uint64("chaos.seed", 0, "seed of the faults of TestChaos; 0: a random one")
	chaosOnly     = flag.String("chaos.only", "", "a regular expression of the names of faults; others do not come")
	chaosNodes    = flag.Int("chaos.nodes", 2, "sidecars of TestChaos")
	chaosUsers    = flag.Int("chaos.users", 1, "users of each kind of each sidecar of TestChaos")
	chaosAtOnce   = flag.Int("chaos.at-once", 2, "how many faults there are at once at most")
	chaosStandby  = flag.Bool("chaos.standby", false, "the database has a synchronous standby, which takes over")
)

// groupsPerCheck is how often something is broken until everything is looked at in quiet.
const groupsPerCheck = 4

// TestChaos runs sidecars in processes of their own while game servers and a person with psql
// write, and breaks what is around them, one or more things at a time. Whenever it is quiet every
// sidecar equals the rows, and what a sidecar said was stored is stored once.
//
//	go test ./syncer/daemon -run TestChaos/listen -chaos.duration 30m -chaos.seed 7 -timeout 2h -v
func TestChaos(t *testing.T) {
	t.Parallel()
	seed := *chaosSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	for _, mode := range []string{"listen", "poll", "nats"} {
		if *chaosDuration == 0 && mode != "listen" {
			continue // a short run is to be short; TestFaultsUnderLoad is of all modes
		}
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			t.Logf("repeat with -chaos.seed=%d", seed)
			c := newChaos(t, seed, mode)
			groups := groupsPerCheck
			if *chaosDuration == 0 {
				groups = min(groups, *chaosFaults)
			}
			for done := 0; done < *chaosFaults || time.Since(c.began) < *chaosDuration; done += groups {
				c.round(groups)
				t.Log(c.report())
			}
			c.end()
		})
	}
}

// chaos is a network of sidecars, and what can be broken around it.
type chaos struct {
	t        *testing.T
	began    time.Time
	random   *rand.Rand
	server   *postgres.Server
	replicas *pgtest.Replicas // with a standby: the server is its primary
	url      string           // of the database, past all proxies
	sidecar  []*process
	links    []link
	nats     *natstest.Server // of mode nats
	toNATS   []*pgtest.Proxy  // the sidecars' ways to it
	nodes    []*node
	person   workload
	logs     []*acknowledged // the last one is of this round

	sent   tally        // by users
	typed  atomic.Int64 // statements, by people
	faults map[string]int
	marks  int
	fresh  []time.Duration // from the end of each fault and those with it until all knew of a later change
	later  []func()        // what is tidied up after faults
}

func newChaos(t *testing.T, seed uint64, mode string) *chaos {
	t.Helper()
	c := &chaos{t: t, began: time.Now(), random: rand.New(rand.NewPCG(seed, 0)), faults: map[string]int{}}
	hosts := c.startDatabase()
	if err := store.Migrate(t.Context(), c.url); err != nil {
		t.Fatal(err)
	}
	if mode == "nats" {
		c.nats = natstest.Start(t, nil)
	}
	for i := range *chaosNodes {
		c.links = append(c.links, newLink(t, hosts))
		config := processConfig{
			Name: fmt.Sprintf("s%d", i), DatabaseURL: c.links[i].url(), PollOnly: mode == "poll",
		}
		if c.nats != nil {
			c.toNATS = append(c.toNATS, pgtest.NewProxy(t, c.nats.URL()))
			config.NATS = c.toNATS[i].URL()
		}
		p := startProcess(t, config)
		c.sidecar, c.nodes = append(c.sidecar, p), append(c.nodes, p.node)
	}
	c.person = newWorkload(t, c.url, c.nodes...)
	c.person.quiet = true
	c.psql(coins)
	c.settled()
	c.logs = []*acknowledged{newAcknowledged(c.nodes)}
	return c
}

const coins = `insert into currency values ('coins')`

// startDatabase returns the URL by each of the servers that have the database.
func (c *chaos) startDatabase() (hosts []string) {
	if !*chaosStandby {
		c.server = pgtest.Server(c.t, "")
		c.url = pgtest.EmptyOn(c.t, c.server)
		return []string{c.url}
	}
	c.replicas = pgtest.NewReplicas(c.t)
	c.replicas.Synchronous()
	c.server, c.url = c.replicas.Primary, c.replicas.URL()+"&target_session_attrs=read-write"
	for _, server := range []*postgres.Server{c.replicas.Primary, c.replicas.Standby} {
		hosts = append(hosts, server.DatabaseURL(c.replicas.Database))
	}
	return hosts
}

func (c *chaos) log() *acknowledged { return c.logs[len(c.logs)-1] }

// round breaks things while there is traffic, then looks at everything in quiet.
func (c *chaos) round(groups int) {
	c.t.Helper()
	stop := c.traffic()
	for range groups {
		c.breakSome()
	}
	stop()
	c.settled()
	psql := connect(c.t, c.url)
	everything, mine := c.person.cast, c.log().cast()
	everything.players = append(slices.Clone(everything.players), mine.players...)
	everything.ids = append(slices.Clone(everything.ids), mine.ids...)
	for _, n := range c.nodes { // what a restart forgot is read when it is asked for
		for _, id := range everything.players {
			n.send(http.MethodPost, player(id)+"/join", arrival)
		}
	}
	equal(c.t, psql, everything, c.nodes...)
	c.log().check(c.t, psql, c.nodes)
	c.leaks()
	_ = psql.Close(c.t.Context())
	if c.t.Failed() {
		c.t.FailNow()
	}
	if c.random.IntN(4) == 0 && regexp.MustCompile(*chaosOnly).MatchString(schemaRemade) {
		c.remakeSchema()
		return
	}
	c.logs = append(c.logs, c.log().next(c.nodes))
}

// mostInQuiet is how many goroutines, and how many open files and connections, a sidecar has at most
// of which nobody wants anything.
const mostInQuiet = 50

// leaks waits until no sidecar has more goroutines or files than it can have use of.
func (c *chaos) leaks() {
	c.t.Helper()
	client.CloseIdleConnections()
	for _, n := range c.nodes {
		pgtest.Eventually(c.t, waitTimeout, func() error {
			for _, what := range []string{"go_goroutines", "process_open_fds"} {
				if number := n.metric(what); number > mostInQuiet {
					return fmt.Errorf("node %s: %s is %v", n.name, what, number)
				}
			}
			return nil
		})
	}
}

// end looks once more for all that was ever acknowledged.
func (c *chaos) end() {
	c.t.Helper()
	psql := connect(c.t, c.url)
	for _, log := range c.logs {
		log.check(c.t, psql, c.nodes)
	}
	for _, name := range slices.Sorted(maps.Keys(c.faults)) {
		c.t.Logf("%5d %s", c.faults[name], name)
	}
}

// traffic begins what users do; stop ends it, once everything works again.
func (c *chaos) traffic() (stop func()) {
	ended := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() {
		for !isClosed(ended) {
			if err := c.person.person(20); err != nil {
				c.t.Error(err)
				return
			}
			c.typed.Add(20)
		}
	})
	c.users(&others, ended)
	for i, n := range c.nodes {
		for range *chaosUsers {
			others.Go(func() { c.onlooker(n, i, ended) })
		}
	}
	stopWriting := c.log().write(c.nodes)
	return func() {
		stopWriting()
		close(ended)
		others.Wait()
	}
}

// users begin; they only ask sidecars.
func (c *chaos) users(running *sync.WaitGroup, ended <-chan struct{}) {
	for _, n := range c.nodes {
		for range *chaosUsers {
			running.Go(func() { c.user(n, ended) })
		}
	}
}

func (c *chaos) user(n *node, ended <-chan struct{}) {
	for !isClosed(ended) {
		method, path, body := c.person.request()
		a, err := c.sent.try(n, method, path, body)
		if err == nil && a.status == http.StatusInternalServerError {
			c.t.Errorf("%s %s %s: %d %s", method, path, body, a.status, a.body)
		}
	}
}

// onlooker looks two hundred times a second at most.
func (c *chaos) onlooker(n *node, i int, ended <-chan struct{}) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
		}
		if err := c.log().look(n, i); err != nil {
			c.t.Error(err)
			return
		}
	}
}

// breakSome breaks some things at once, for as long as some requests take.
func (c *chaos) breakSome() {
	c.t.Helper()
	var mends []func()
	drawn := c.draw()
	for _, f := range drawn {
		c.faults[f.name]++
		c.t.Logf("%s", f.name)
		mends = append(mends, f.begin(c))
	}
	c.wait(int64(20+c.random.IntN(200)) * int64(*chaosUsers))
	for _, mend := range slices.Backward(mends) {
		mend()
	}
	c.refreshed(len(drawn))
	for at := range c.sidecar {
		c.told(at, (*server).fresh)
	}
	for _, tidyUp := range c.later {
		tidyUp()
	}
	c.later = nil
}

// refreshed waits until every sidecar is fresh, now that some faults have ended.
func (c *chaos) refreshed(faults int) {
	c.t.Helper()
	ended := time.Now()
	c.knowsOfChanges()
	fresh := time.Since(ended)
	for range faults {
		c.fresh = append(c.fresh, fresh)
	}
	c.t.Logf("fresh after %v", fresh.Round(time.Millisecond))
}

// longestFault is how long a fault lasts while requests hang.
const longestFault = 3 * time.Second

// wait returns after so many more requests, or after the longest time.
func (c *chaos) wait(requests int64) {
	want, began := c.sent.sent.Load()+requests, time.Now()
	pgtest.Eventually(c.t, waitTimeout, func() error {
		if c.sent.sent.Load() < want && time.Since(began) < longestFault {
			return errors.New("the fault is to last longer")
		}
		return nil
	})
}

// knowsOfChanges waits until every sidecar knows from memory of a change made now.
func (c *chaos) knowsOfChanges() {
	c.t.Helper()
	c.marks++
	mark := fmt.Sprintf("mark %d", c.marks)
	c.psql(`insert into ban (uuid) values ('` + mark + `')`)
	for _, n := range c.nodes {
		pgtest.Eventually(c.t, waitTimeout, func() error {
			a, err := n.try(http.MethodPost, "/v1/bans/check", fmt.Sprintf(`{"uuid": %q}`, mark))
			if err == nil && a.field("banned") != true {
				err = fmt.Errorf("%d %s", a.status, a.body)
			}
			if err != nil {
				return fmt.Errorf("node %s does not know of %s: %w", n.name, mark, err)
			}
			return nil
		})
	}
}

// settled waits until every sidecar is ready and has nothing left to store.
func (c *chaos) settled() {
	c.t.Helper()
	for _, n := range c.nodes {
		pgtest.Eventually(c.t, waitTimeout, func() error {
			a, err := n.try(http.MethodGet, "/readyz", "")
			if err == nil && a.status != http.StatusOK {
				err = errors.New(string(a.body))
			}
			if err != nil {
				return fmt.Errorf("node %s is not ready: %w", n.name, err)
			}
			if left := n.metric("playersync_outbox_batches") + n.metric("playersync_unsaved_players"); left != 0 {
				return fmt.Errorf("node %s has still to store %v", n.name, left)
			}
			return nil
		})
	}
}

// report tells what happened until now.
func (c *chaos) report() string {
	fresh := slices.Sorted(slices.Values(c.fresh))
	refused := c.sent.refused.Load() + c.log().sent.refused.Load()
	return fmt.Sprintf("%d operations (and %d refused), %d faults in %v; fresh everywhere after p50 %v, worst %v",
		c.typed.Load()+c.sent.sent.Load()+c.log().sent.sent.Load()-refused, refused, len(c.fresh),
		time.Since(c.began).Round(time.Second), fresh[len(fresh)/2].Round(time.Millisecond),
		fresh[len(fresh)-1].Round(time.Millisecond))
}
