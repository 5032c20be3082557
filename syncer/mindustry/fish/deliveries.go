package fish

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"playersync/syncer"
)

// Deliveries gives each game server that polls the staff chat its messages from
// memory.
//
// # What a server is given
//
// A server is known by its gamemode: two of one gamemode share what they are
// given. It gets each message once, in the order of the commits, except its own
// unless they ask for an echo. One that is new here gets what is sent from then
// on. One that was away gets what it missed, as far as memory reaches back: a day,
// and a thousand messages.
//
// # Lost answers
//
// What was given is given again only if the answer could not be written before its
// connection failed, and then before all that is newer. While an answer is being
// written, its messages are given to nobody. How far each has got is written down a few
// seconds behind, and only what is delivered: after a crash the messages of the last
// few seconds are given again, and none is lost.
type Deliveries struct {
	config   DeliveriesConfig
	store    DeliveryStore
	messages Messages
	clock    Clock
	log      *slog.Logger

	mu     sync.Mutex
	queues map[string]*queue // by gamemode
	stored map[string]int64  // as the database has them; nil: not read yet
}

// DeliveriesConfig holds what may be chosen. Zero values mean the defaults.
type DeliveriesConfig struct {
	Sidecar string           // name of this one, under which positions are stored
	Flush   time.Duration    // how often positions are stored if they moved: 5 s
	Now     func() time.Time // for tests; local and monotonic
}

// DeliveryStore keeps how far each gamemode has got, by its name.
type DeliveryStore interface {
	StaffDeliveries(ctx context.Context, sidecar string) (map[string]int64, error)
	SaveStaffDeliveries(ctx context.Context, sidecar string, delivered map[string]int64) error
}

// Messages is the newest part of the chat in memory.
type Messages interface {
	Mark() (mark syncer.ChatMark, known bool)
	After(number int64) []*syncer.StaffMessage
}

// NewDeliveries returns deliveries of the messages; Run must be running for positions
// to be known.
func NewDeliveries(
	config DeliveriesConfig, store DeliveryStore, messages Messages, clock Clock, log *slog.Logger,
) *Deliveries {
	if config.Flush <= 0 {
		config.Flush = 5 * time.Second
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Deliveries{
		config: config, store: store, messages: messages, clock: clock, log: log, queues: map[string]*queue{},
	}
}

// Limits of one answer; the next one has the rest.
const (
	mostLines = 50
	mostBytes = 32 << 10
)

// longestWait bounds how old a message is when a server is given it.
const longestWait = 24 * time.Hour

// Take returns what the servers of a gamemode have not been given yet, a line for
// each message, "" for nothing. The caller must call settle once, and say whether its
// answer was written; if not, the messages wait to be given again.
func (d *Deliveries) Take(gamemode string) (text string, settle func(written bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	mark, known := d.messages.Mark()
	if !known || d.stored == nil {
		return "", func(bool) {} // a later poll is given what this one is not
	}
	q := d.queue(gamemode, mark)
	q.rewind(mark)
	q.polls++
	following := d.messages.After(q.done)
	var lines []string
	var taken []int64
	size := 0
	for _, m := range following {
		if _, given := q.given[m.Number]; given {
			continue
		}
		if sent, _ := m.SentAt.Instant(); !m.IsFor(gamemode) || d.clock.Now().Sub(sent) > longestWait {
			q.given[m.Number] = true // it is not to have this one
			continue
		}
		line := m.Line()
		if size += len(line) + len("\n"); len(lines) == mostLines || size > mostBytes && len(lines) > 0 {
			break
		}
		lines, taken = append(lines, line), append(taken, m.Number)
		q.given[m.Number] = false
	}
	q.advance(following)
	return strings.Join(lines, "\n"), d.settleOf(q, taken)
}

// settleOf returns the function that says whether the answer with these messages was
// written. After a rewind their numbers mean other messages, and nothing is to be said.
func (d *Deliveries) settleOf(q *queue, taken []int64) func(written bool) {
	rewinds := q.rewinds
	return func(written bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if q.rewinds != rewinds {
			return
		}
		for _, number := range taken {
			if written {
				q.given[number] = true
			} else {
				delete(q.given, number)
			}
		}
		q.advance(d.messages.After(q.done))
	}
}

// IsReady reports whether it is known how far each server has got. Until then polls
// are given nothing.
func (d *Deliveries) IsReady() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, known := d.messages.Mark()
	return known && d.stored != nil
}

// maxQueues bounds the gamemodes remembered: anyone who may ask can invent them.
const maxQueues = 256

// queue returns the queue of a gamemode, made if need be. The caller holds d.mu.
func (d *Deliveries) queue(gamemode string, mark syncer.ChatMark) *queue {
	q, known := d.queues[gamemode]
	if !known {
		if len(d.queues) >= maxQueues {
			d.forgetOldest()
		}
		position, stored := d.stored[gamemode]
		if !stored {
			position = mark.Last
		}
		q = &queue{done: min(position, mark.Last), given: map[int64]bool{}, rewinds: mark.Rewinds}
		d.queues[gamemode] = q
	}
	q.polled = d.config.Now()
	return q
}

// forgetOldest drops the queue that was asked for the longest ago.
func (d *Deliveries) forgetOldest() {
	var oldest string
	for gamemode, q := range d.queues {
		if first, found := d.queues[oldest]; !found || q.polled.Before(first.polled) {
			oldest = gamemode
		}
	}
	delete(d.queues, oldest)
	delete(d.stored, oldest)
}

// shutdownTimeout bounds the last flush.
const shutdownTimeout = 5 * time.Second

// Run stores how far each server has got, whenever that has moved, until ctx ends,
// and a last time then.
func (d *Deliveries) Run(ctx context.Context) error {
	ticker := time.NewTicker(d.config.Flush)
	defer ticker.Stop()
	d.flush(ctx)
	for {
		select {
		case <-ticker.C:
			d.flush(ctx)
		case <-ctx.Done():
			final, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
			defer cancel()
			d.flush(final)
			return nil
		}
	}
}

// flush reads the positions, if that has not been done, and stores those that
// have moved.
func (d *Deliveries) flush(ctx context.Context) {
	d.mu.Lock()
	known, moved := d.stored != nil, d.moved()
	d.mu.Unlock()
	if !known {
		d.load(ctx)
		return
	}
	if len(moved) == 0 {
		return
	}
	if err := d.store.SaveStaffDeliveries(ctx, d.config.Sidecar, moved); err != nil {
		if ctx.Err() == nil {
			d.log.Warn("cannot store how far the staff chat was delivered; trying again", "error", err)
		}
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.Copy(d.stored, moved)
}

func (d *Deliveries) load(ctx context.Context) {
	stored, err := d.store.StaffDeliveries(ctx, d.config.Sidecar)
	if err != nil {
		d.log.Debug("cannot read how far the staff chat was delivered; trying again", "error", err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stored = stored
}

// moved returns the positions that are not stored as they are. The caller holds d.mu.
func (d *Deliveries) moved() map[string]int64 {
	moved := map[string]int64{}
	for gamemode, q := range d.queues {
		position, stored := d.stored[gamemode]
		if !stored && q.polls < 2 {
			continue // a server comes again; who invents names may not
		}
		if !stored || position != q.done {
			moved[gamemode] = q.done
		}
	}
	return moved
}
