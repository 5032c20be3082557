package fanout_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"playersync/syncer/changefeed"
	"playersync/syncer/fanout"
	"playersync/syncer/fanout/natstest"
	"playersync/syncer/postgres/pgtest"
)

// network starts sidecars, and waits until two of them forward and all hear them.
func network(t *testing.T, d *database, url string, sidecars int) []*sidecar {
	t.Helper()
	all := make([]*sidecar, sidecars)
	for i := range all {
		all[i] = start(t, d, fanout.Config{URL: url, Name: fmt.Sprint(i)})
	}
	forwarding(t, d, min(sidecars, 2))
	for _, s := range all {
		s.says("")
	}
	return all
}

// forwarding waits until so many places are held.
func forwarding(t *testing.T, d *database, want int) {
	t.Helper()
	pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
		if held := d.forwarders(); held != want {
			return fmt.Errorf("%d forward, want %d", held, want)
		}
		return nil
	})
}

func TestNotificationsReachAllSidecars(t *testing.T) {
	t.Parallel()
	d := newDatabase(changefeed.Epoch(t.Name()))
	all := network(t, d, natstest.Shared(), 4)
	d.notify(seal + "by a person")
	all[3].Publish(seal + "by a sidecar")
	for _, s := range all {
		s.has(seal + "by a person")
		s.has(seal + "by a sidecar")
	}
	if n := all[0].count(seal + "by a sidecar"); n != 1 {
		t.Errorf("what one sidecar published came %d times", n)
	}
}

func TestForgedNotificationsAreNotForwarded(t *testing.T) {
	t.Parallel()
	d := newDatabase(changefeed.Epoch(t.Name()))
	all := network(t, d, natstest.Shared(), 1)
	d.notify("forged")
	d.notify(seal + "genuine")
	all[0].has(seal + "genuine")
	if all[0].count("forged") > 0 {
		t.Error("a forged notification was forwarded")
	}
}

// One of two forwarders dies: the other one forwards what comes next, and a third takes the place.
func TestForwarderThatDiesIsReplaced(t *testing.T) {
	t.Parallel()
	d := newDatabase(changefeed.Epoch(t.Name()))
	all := network(t, d, natstest.Shared(), 4)
	for round := range 5 {
		d.mu.Lock()
		d.holders[round%2].end()
		d.holders[round%2] = nil
		d.mu.Unlock()
		message := fmt.Sprintf(seal+"after death %d", round)
		d.notify(message)
		for _, s := range all {
			s.has(message)
		}
		forwarding(t, d, 2)
	}
}

// Both forwarders die at once: what comes before others take their places reaches nobody, so
// all poll when they hear the new ones.
func TestForwardersThatDieTogether(t *testing.T) {
	t.Parallel()
	d := newDatabase(changefeed.Epoch(t.Name()))
	all := network(t, d, natstest.Shared(), 3)
	missed := make([]int, len(all))
	for i, s := range all {
		missed[i] = s.misses()
	}
	d.hold(nil)
	d.notify(seal + "to nobody")
	for i, s := range all {
		pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
			if s.misses() == missed[i] {
				return fmt.Errorf("sidecar %d does not know that it may have missed something", i)
			}
			return nil
		})
	}
}

func TestSidecarThatStopsGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	d := newDatabase(changefeed.Epoch(t.Name()))
	all := network(t, d, natstest.Shared(), 3)
	all[0].stop()
	all[1].stop()
	forwarding(t, d, 1)
	all[2].says("")
	d.notify(seal + "x")
	all[2].has(seal + "x")
}

// Every login may take advisory locks. It does not go unnoticed that nobody forwards.
func TestPlacesThatAStrangerHolds(t *testing.T) {
	t.Parallel()
	d := newDatabase(changefeed.Epoch(t.Name()))
	all := network(t, d, natstest.Shared(), 2)
	d.hold(stranger)
	for _, s := range all {
		s.says("no sidecar is heard that forwards")
	}
	d.hold(nil)
	forwarding(t, d, 2)
	for _, s := range all {
		s.says("")
	}
}

// Whoever may publish on NATS cannot sign, and what somebody kept of earlier is too old.
func TestSignsOfLifeThatAreNone(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t, nil)
	conn, kept := overhear(t, server)
	d := newDatabase(changefeed.Epoch(t.Name()))
	s := network(t, d, server.URL(), 1)[0]
	sign := <-kept
	d.hold(stranger)
	s.says("no sidecar is heard")
	for range 10 {
		for _, data := range [][]byte{sign.Data, []byte("forged"), []byte(seal + "[]"), []byte(seal + "?")} {
			if err := conn.Publish(sign.Subject, data); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.has("forged") // as any other forgery, for the feed to count
	s.says("no sidecar is heard")
}

func TestTwoNetworksOnOneNATS(t *testing.T) {
	t.Parallel()
	one, two := newDatabase("cluster/1"), newDatabase("cluster/2")
	a, b := network(t, one, natstest.Shared(), 2), network(t, two, natstest.Shared(), 2)
	one.notify(seal + "of one")
	two.notify(seal + "of two")
	a[0].Publish(seal + "written in one")
	for _, s := range a {
		s.has(seal + "of one")
		s.has(seal + "written in one")
	}
	for _, s := range b {
		s.has(seal + "of two")
		if n := s.count(seal+"of one") + s.count(seal+"written in one"); n != 0 {
			t.Errorf("%d messages crossed over", n)
		}
	}
}

// After a failover those who follow the new primary hear nothing of the old one.
func TestEpochThatChanges(t *testing.T) {
	t.Parallel()
	d := newDatabase("timeline 1")
	all := network(t, d, natstest.Shared(), 3)
	d.mu.Lock()
	d.epoch = "timeline 2"
	d.mu.Unlock()
	pgtest.Eventually(t, pgtest.WaitTimeout, func() error { // what is sent too early is lost
		d.notify(seal + "of timeline 2")
		for _, s := range all {
			if s.count(seal+"of timeline 2") == 0 {
				return errors.New("a sidecar hears nothing of timeline 2")
			}
		}
		return nil
	})
	forwarding(t, d, 2)
}

func TestNATSIsKilledAndBack(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t, nil)
	d := newDatabase(changefeed.Epoch(t.Name()))
	all := network(t, d, server.URL(), 3)
	for round := range 3 {
		server.Stop()
		for _, s := range all {
			s.says("NATS is away")
			s.Publish(seal + "that nobody will receive")
		}
		forwarding(t, d, 0)
		server.Resume()
		forwarding(t, d, 2)
		message := fmt.Sprintf(seal+"after return %d", round)
		for _, s := range all {
			s.says("")
		}
		d.notify(message)
		for _, s := range all {
			s.has(message)
		}
	}
	for _, s := range all {
		s.mu.Lock()
		if s.missed == 0 {
			t.Error("a feed was not told that notifications may be lost")
		}
		s.mu.Unlock()
	}
}

// NATS may come later than the sidecars.
func TestNATSThatIsNotThereYet(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t, nil)
	server.Stop()
	d := newDatabase(changefeed.Epoch(t.Name()))
	s := start(t, d, fanout.Config{URL: server.URL()})
	s.says("NATS is away")
	server.Resume()
	s.says("")
}

// A feed that is busy for long loses what does not fit, and is told so.
func TestFeedThatDoesNotKeepUp(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t, nil)
	conn, sign := overhear(t, server)
	busy := network(t, newDatabase(changefeed.Epoch(t.Name())), server.URL(), 1)[0]
	subject := strings.Replace((<-sign).Subject, ".forwarder", ".changes", 1)
	busy.mu.Lock() // its feed takes no more than one
	before := busy.missed
	for range 20_000 {
		if err := conn.Publish(subject, []byte(seal+"much")); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
		if busy.metric("playersync_fanout_dropped_total") == 0 {
			return errors.New("everything fits")
		}
		return nil
	})
	busy.mu.Unlock()
	pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
		busy.mu.Lock()
		defer busy.mu.Unlock()
		if busy.missed == before {
			return errors.New("the feed is not told")
		}
		return nil
	})
	busy.says("")
}

// overhear returns a connection of somebody else, and signs of life of forwarders.
func overhear(t *testing.T, server *natstest.Server) (*nats.Conn, <-chan *nats.Msg) {
	t.Helper()
	ignore := func(*nats.Conn, *nats.Subscription, error) {} // what does not fit is not wanted
	conn, err := nats.Connect(server.URL(), nats.ErrorHandler(ignore))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	signs := make(chan *nats.Msg, 1)
	if _, err := conn.ChanSubscribe("playersync.*.forwarder", signs); err != nil {
		t.Fatal(err)
	}
	return conn, signs
}

func TestCheckTimesMessages(t *testing.T) {
	t.Parallel()
	took, err := fanout.Check(t.Context(), fanout.Config{URL: natstest.Shared()})
	if err != nil || took <= 0 || took > time.Minute {
		t.Errorf("%v, %v", took, err)
	}
}
