package daemon_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"playersync/syncer/postgres"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// The flags of TestChaos.
var (
	chaosFaults   = flag.Int("chaos.faults", faultsPerCheck, "how many faults there are in each mode of TestChaos")
	chaosDuration = flag.Duration("chaos.duration", 0, "how long there are faults at least, however many that are")
	chaosSeed     = flag.Uint64("chaos.seed", 0, "seed of the faults of TestChaos; 0: a random one")
	chaosOnly     = flag.String("chaos.only", "", "a regular expression of the names of faults; others do not come")
	chaosNodes    = flag.Int("chaos.nodes", 2, "sidecars of TestChaos")
)

// faultsPerCheck is after how many faults everything is looked at in quiet.
const faultsPerCheck = 4

// TestChaos runs sidecars in processes of their own while game servers and a person with psql
// write, and breaks what is around them, one or two things at a time. Whenever it is quiet every
// sidecar equals the rows, and what a sidecar said was stored is stored once.
//
//	go test ./syncer/daemon -run TestChaos -chaos.duration 30m -chaos.seed 7 -timeout 2h -v
func TestChaos(t *testing.T) {
	t.Parallel()
	seed := *chaosSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	for _, mode := range []string{"listen", "poll"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			t.Logf("repeat with -chaos.seed=%d", seed)
			c := newChaos(t, seed, mode == "poll")
			began := time.Now()
			for faults := 0; faults < *chaosFaults || time.Since(began) < *chaosDuration; faults += faultsPerCheck {
				c.round(faultsPerCheck)
			}
			c.report(began)
		})
	}
}

// chaos is a network of sidecars, and what can be broken around it.
type chaos struct {
	t       *testing.T
	random  *rand.Rand
	server  *postgres.Server
	url     string
	sidecar []*process
	proxies []*pgtest.Proxy
	nodes   []*node
	person  workload
	log     *acknowledged

	requests atomic.Int64
	faults   map[string]int
	marks    int
	fresh    []time.Duration // from the end of each fault until every sidecar knew of a later change
}

func newChaos(t *testing.T, seed uint64, pollOnly bool) *chaos {
	t.Helper()
	c := &chaos{
		t: t, random: rand.New(rand.NewPCG(seed, 0)), server: pgtest.Server(t, ""), faults: map[string]int{},
	}
	c.url = pgtest.EmptyOn(t, c.server)
	if err := store.Migrate(t.Context(), c.url); err != nil {
		t.Fatal(err)
	}
	run(t, connect(t, c.url), `insert into currency values ('coins')`)
	for i := range *chaosNodes {
		c.proxies = append(c.proxies, pgtest.NewProxy(t, c.url))
		p := startProcess(t, c.proxies[i].URL(), fmt.Sprintf("s%d", i), pollOnly)
		c.sidecar, c.nodes = append(c.sidecar, p), append(c.nodes, p.node)
	}
	c.settled()
	c.person = workload{t: t, url: c.url, nodes: c.nodes, cast: everyone(), quiet: true}
	c.log = newAcknowledged(c.nodes)
	return c
}

// round breaks things while there is traffic, then looks at everything in quiet.
func (c *chaos) round(faults int) {
	c.t.Helper()
	stop := c.traffic()
	for range faults {
		c.fault()
	}
	stop()
	c.settled()
	psql := connect(c.t, c.url)
	everything, mine := c.person.cast, c.log.cast()
	everything.players = append(slices.Clone(everything.players), mine.players...)
	everything.ids = append(slices.Clone(everything.ids), mine.ids...)
	for _, n := range c.nodes { // what a restart forgot is read when it is asked for
		for _, id := range everything.players {
			n.send(http.MethodPost, player(id)+"/join", arrival)
		}
	}
	equal(c.t, psql, everything, c.nodes...)
	c.log.check(c.t, psql, c.nodes)
	_ = psql.Close(c.t.Context())
	if c.t.Failed() {
		c.t.FailNow()
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
		}
	})
	for _, n := range c.nodes {
		others.Go(func() {
			for !isClosed(ended) {
				method, path, body := c.person.request()
				a, err := n.try(method, path, body)
				c.requests.Add(1)
				if err == nil && a.status == http.StatusInternalServerError {
					c.t.Errorf("%s %s %s: %d %s", method, path, body, a.status, a.body)
				}
			}
		})
	}
	stopWriting := c.log.write(c.nodes)
	return func() {
		stopWriting()
		close(ended)
		others.Wait()
	}
}

// fault breaks one thing, or two at once, for as long as some requests take.
func (c *chaos) fault() {
	c.t.Helper()
	var mends []func()
	only := regexp.MustCompile(*chaosOnly)
	from := slices.DeleteFunc(slices.Clone(faultsOfChaos), func(f chaosFault) bool { return !only.MatchString(f.name) })
	drawn := c.random.Perm(len(from))[:min(1+c.random.IntN(2), len(from))]
	slices.Sort(drawn)
	for _, i := range drawn {
		f := from[i]
		c.faults[f.name]++
		c.t.Logf("%s", f.name)
		mends = append(mends, f.begin(c))
	}
	c.wait(int64(20 + c.random.IntN(200)))
	for _, mend := range slices.Backward(mends) {
		mend()
	}
	ended := time.Now()
	c.knowsOfChanges()
	c.fresh = append(c.fresh, time.Since(ended))
}

// longestFault is how long a fault lasts while requests hang.
const longestFault = 3 * time.Second

// wait returns after so many more requests, or after the longest time.
func (c *chaos) wait(requests int64) {
	want, began := c.requests.Load()+requests, time.Now()
	pgtest.Eventually(c.t, waitTimeout, func() error {
		if c.requests.Load() < want && time.Since(began) < longestFault {
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

func (c *chaos) report(began time.Time) {
	slices.Sort(c.fresh)
	total := 0
	for _, times := range c.faults {
		total += times
	}
	c.t.Logf("%d requests, %d writes, %d faults in %v; fresh everywhere after p50 %v, worst %v", c.requests.Load(),
		c.log.last, total, time.Since(began).Round(time.Second), c.fresh[len(c.fresh)/2].Round(time.Millisecond),
		c.fresh[len(c.fresh)-1].Round(time.Millisecond))
}
