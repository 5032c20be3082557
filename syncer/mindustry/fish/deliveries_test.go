package fish

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
)

// chatRig is the deliveries of a chat whose database and clock are the test's.
type chatRig struct {
	*Deliveries
	t        *testing.T
	messages *cache.Messages
	stored   map[string]int64
	saves    int
	now      time.Time
	last     int64
	xid      uint64
}

func newChatRig(t *testing.T) *chatRig {
	t.Helper()
	r := &chatRig{t: t, messages: cache.NewMessages(200), stored: map[string]int64{}, now: time.Now()}
	r.messages.Load(changefeed.Snapshot{}, nil)
	r.restart()
	return r
}

// restart forgets all that is not stored.
func (r *chatRig) restart() {
	config := DeliveriesConfig{Sidecar: "a", Now: func() time.Time { return r.now }}
	r.Deliveries = NewDeliveries(config, r, r.messages, r, slog.New(slog.DiscardHandler))
	r.flush(r.t.Context())
}

func (r *chatRig) Now() time.Time  { return r.now }
func (r *chatRig) Following() bool { return true }

func (r *chatRig) StaffDeliveries(context.Context, string) (map[string]int64, error) {
	copied := map[string]int64{}
	maps.Copy(copied, r.stored)
	return copied, nil
}

func (r *chatRig) SaveStaffDeliveries(_ context.Context, _ string, delivered map[string]int64) error {
	r.saves++
	maps.Copy(r.stored, delivered)
	return nil
}

// hears lets a message arrive from the feed.
func (r *chatRig) hears(server, text string, echo bool) {
	r.t.Helper()
	r.xid++
	m := syncer.StaffMessage{
		Number: r.last + 1, SentAt: syncer.TimeOf(r.now), Server: server, Name: "Steve", Text: text, Echo: echo,
	}
	effect, events := r.messages.Apply(changefeed.Change{
		Entity: syncer.EntityStaffMessage, Key: "k", Xid: r.xid,
		Row: &changefeed.NewMessage{StaffMessage: m, After: r.last},
	})
	if effect != changefeed.Applied || len(events) != 1 {
		r.t.Fatalf("effect %v, %d events", effect, len(events))
	}
	r.last++
}

// polls checks which texts a poll gives whose answer arrives.
func (r *chatRig) polls(gamemode string, want ...string) {
	r.t.Helper()
	r.asks(gamemode, want...)(true)
}

// asks checks which texts a poll gives whose answer is not written yet.
func (r *chatRig) asks(gamemode string, want ...string) (settle func(written bool)) {
	r.t.Helper()
	text, settle := r.Take(gamemode)
	if got := textsOf(text); fmt.Sprint(got) != fmt.Sprint(want) {
		r.t.Errorf("%s is given %q, want %q", gamemode, got, want)
	}
	return settle
}

// textsOf returns the texts of the messages that a poll is given.
func textsOf(lines string) (texts []string) {
	for line := range strings.SplitSeq(lines, "\n") {
		if line != "" {
			texts = append(texts, line[strings.LastIndex(line, ": ")+2:])
		}
	}
	return texts
}

func (r *chatRig) passes(d time.Duration) { r.now = r.now.Add(d) }

func TestChatIsDeliveredOnceAndInOrder(t *testing.T) {
	t.Parallel()
	r := newChatRig(t)
	r.hears("attack", "before the first poll", false)
	r.polls("pvp")
	r.polls("attack")
	r.hears("attack", "one", false)
	r.hears("pvp", "two", false)
	r.hears("attack", "three", true)
	r.polls("pvp", "one", "three")
	r.polls("attack", "two", "three")
	for range 3 {
		r.polls("pvp")
		r.polls("attack")
	}
}

func TestMessagesOfAnAnswerThatFailedAreGivenAgainFirst(t *testing.T) {
	t.Parallel()
	r := newChatRig(t)
	r.polls("pvp")
	r.hears("attack", "one", false)
	for range 3 {
		r.asks("pvp", "one")(false)
	}
	first := r.asks("pvp", "one")
	r.hears("pvp", "its own", false)
	r.hears("attack", "two", false)
	second := r.asks("pvp", "two") // the first is being written
	r.polls("pvp")
	second(true)
	first(false)
	r.hears("attack", "three", false)
	r.polls("pvp", "one", "three")
	r.polls("pvp")
}

// Of four that poll at once, two lose their connections.
func TestPollsAtOnceGiveEachMessageOnce(t *testing.T) {
	t.Parallel()
	r := newChatRig(t)
	r.polls("pvp")
	var given [4][]string
	var polls sync.WaitGroup
	for n := range given {
		polls.Go(func() {
			for range 60 {
				text, settle := r.Take("pvp")
				written := n%2 == 0
				if written {
					given[n] = append(given[n], textsOf(text)...)
				}
				settle(written)
			}
		})
	}
	var want []string
	for n := range 60 {
		want = append(want, fmt.Sprintf("message %02d", n))
		r.hears("attack", want[n], false)
	}
	polls.Wait()
	for range 2 {
		text, settle := r.Take("pvp")
		given[0] = append(given[0], textsOf(text)...)
		settle(true)
	}
	got := slices.Concat(given[:]...)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("given were %q", got)
	}
}

func TestRestartLosesNothing(t *testing.T) {
	t.Parallel()
	r := newChatRig(t)
	r.polls("pvp")
	r.polls("pvp")
	r.flush(t.Context())
	r.hears("attack", "one", false)
	r.hears("attack", "two", false)
	r.asks("pvp", "one", "two")
	r.flush(t.Context())
	r.restart()
	r.polls("pvp", "one", "two")
	r.flush(t.Context())
	r.restart()
	r.polls("pvp")
	r.hears("attack", "three", false)
	r.restart()
	r.polls("pvp", "three")
}

func TestIdlePollsAreNotStored(t *testing.T) {
	t.Parallel()
	r := newChatRig(t)
	for range 5 {
		for n := range 7 {
			r.polls(fmt.Sprint("gamemode", n))
		}
		r.flush(t.Context())
	}
	if r.saves != 1 || len(r.stored) != 7 {
		t.Errorf("stored %d times: %v", r.saves, r.stored)
	}
	r.polls("asked once")
	r.flush(t.Context())
	if r.saves != 1 {
		t.Error("a name that asked once was stored")
	}
}

func TestManyMessagesComeInParts(t *testing.T) {
	t.Parallel()
	r := newChatRig(t)
	r.polls("pvp")
	var want []string
	for n := range 120 {
		want = append(want, fmt.Sprint("message ", n))
		r.hears("attack", want[n], false)
	}
	for len(want) > 0 {
		n := min(mostLines, len(want))
		r.polls("pvp", want[:n]...)
		want = want[n:]
	}
	r.hears("attack", strings.Repeat("a", 4000), false)
	for range 20 {
		r.hears("attack", strings.Repeat("b", 4000), false)
	}
	for range 4 {
		text, settle := r.Take("pvp")
		if len(text) > mostBytes+100 {
			t.Errorf("an answer of %d bytes", len(text))
		}
		settle(true)
	}
	r.polls("pvp")
}

func TestOldMessagesAreNotDelivered(t *testing.T) {
	t.Parallel()
	r := newChatRig(t)
	r.polls("pvp")
	r.hears("attack", "yesterday", false)
	r.passes(25 * time.Hour)
	r.hears("attack", "today", false)
	r.polls("pvp", "today")
}

// A database that was restored from a backup has fewer messages; the next ones get
// numbers that were used before.
func TestRestoredChatGoesOn(t *testing.T) {
	t.Parallel()
	r := newChatRig(t)
	r.polls("pvp")
	for range 10 {
		r.hears("attack", "lost with the backup", false)
	}
	polled, settle := r.Take("pvp")
	if len(textsOf(polled)) != 10 {
		t.Errorf("given %q", polled)
	}
	r.messages.Reset()
	r.messages.Load(changefeed.Snapshot{}, nil)
	r.last = 0
	r.hears("attack", "new", false)
	settle(true) // what was given had the number of the new one
	r.polls("pvp", "new")
}

func TestInventedNamesAreBounded(t *testing.T) {
	t.Parallel()
	r := newChatRig(t)
	r.polls("pvp")
	for n := range 3 * maxQueues {
		r.passes(time.Millisecond)
		r.polls(fmt.Sprint(n))
		r.polls("pvp")
	}
	if len(r.queues) > maxQueues {
		t.Errorf("%d queues", len(r.queues))
	}
	r.hears("attack", "one", false)
	r.polls("pvp", "one")
}
