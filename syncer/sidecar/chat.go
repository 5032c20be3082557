package sidecar

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"playersync/syncer"
)

// Chat is the chat between the staff of all servers. Messages are rows; the feed
// brings them here, and each game server takes its own from memory.
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
// A server cannot say that an answer has arrived. What it was given is given again
// if the connection failed, and once more if it asks again within a second: then
// something sent its request twice. How far each has got is written down a few
// seconds behind, and only what is surely delivered: after a crash the messages of
// the last few seconds are given again, and none is lost.
type Chat struct {
	config   ChatConfig
	store    ChatStore
	messages Messages
	clock    Clock
	log      *slog.Logger

	mu     sync.Mutex
	queues map[string]*queue // by gamemode
	stored map[string]int64  // as the database has them; nil: not read yet
}

// ChatConfig holds what may be chosen. Zero values mean the defaults.
type ChatConfig struct {
	Sidecar string           // name of this one, under which positions are stored
	Flush   time.Duration    // how often positions are stored if they moved: 5 s
	Now     func() time.Time // for tests; local and monotonic
	Forward func(string)     // takes messages of game servers for other places; must not block
}

// ChatStore is what the chat needs of the database.
type ChatStore interface {
	SendStaffMessage(ctx context.Context, m syncer.StaffMessage) (sent syncer.StaffMessage, isNew bool, err error)
	StaffMessagesAfter(ctx context.Context, after int64, size int) ([]syncer.StaffMessage, error)
	StaffDeliveries(ctx context.Context, sidecar string) (map[string]int64, error)
	SaveStaffDeliveries(ctx context.Context, sidecar string, delivered map[string]int64) error
	PruneStaffChat(ctx context.Context) error
}

// Messages is the newest part of the chat in memory.
type Messages interface {
	Mark() (mark syncer.ChatMark, known bool)
	After(number int64) []*syncer.StaffMessage
}

// NewChat returns a chat; Run must be running for positions to be known.
func NewChat(config ChatConfig, store ChatStore, messages Messages, clock Clock, log *slog.Logger) *Chat {
	if config.Flush <= 0 {
		config.Flush = 5 * time.Second
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Forward == nil {
		config.Forward = func(string) {}
	}
	return &Chat{config: config, store: store, messages: messages, clock: clock, log: log, queues: map[string]*queue{}}
}

// Send stores a message, and with that sends it to everyone. The same again within
// five seconds is the same message. Forward also sends it to places outside, which
// those that come from there must not be. Errors: invalid, database_unavailable,
// outcome_unknown.
func (c *Chat) Send(ctx context.Context, m syncer.StaffMessage, forward bool) (syncer.StaffMessage, error) {
	if err := m.Validate(); err != nil {
		return m, err
	}
	var sent syncer.StaffMessage
	isNew, attempts := false, 0
	err := syncer.RepeatUnknown(func() (err error) { // it is recognised if it was stored
		sent, isNew, err = c.store.SendStaffMessage(ctx, m)
		attempts++
		return err
	})
	if err == nil && forward && (isNew || attempts > 1) {
		c.config.Forward(sent.Plain())
	}
	return sent, err
}

// Messages returns up to size messages behind a number, oldest first; for 0 the
// last ones.
func (c *Chat) Messages(ctx context.Context, after int64, size int) ([]syncer.StaffMessage, error) {
	return c.store.StaffMessagesAfter(ctx, after, size)
}

// Limits of one answer; the next one has the rest.
const (
	mostLines = 50
	mostBytes = 32 << 10
)

// longestWait bounds how old a message is when a server is given it.
const longestWait = 24 * time.Hour

// Take returns what the servers of a gamemode have not been given yet, a line for
// each message, "" for nothing. The caller says by lost if its answer cannot have
// arrived; lost may be called once and at any time.
func (c *Chat) Take(gamemode string) (text string, lost func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	mark, known := c.messages.Mark()
	if !known || c.stored == nil {
		return "", func() {} // a later poll is given what this one is not
	}
	now := c.config.Now()
	q := c.queue(gamemode, mark)
	q.rewind(mark)
	q.settle(now, false)
	var lines strings.Builder
	last, count := q.done, 0
	for _, m := range c.messages.After(q.done) {
		line := ""
		if sent, _ := m.SentAt.Instant(); m.IsFor(gamemode) && c.clock.Now().Sub(sent) <= longestWait {
			line = m.Line()
		}
		if count == mostLines || lines.Len()+len(line) > mostBytes && count > 0 {
			break
		}
		last = m.Number
		if line == "" {
			continue
		}
		if count++; count > 1 {
			lines.WriteByte('\n')
		}
		lines.WriteString(line)
	}
	return lines.String(), c.lostOf(q, q.offer(last, now))
}

// IsReady reports whether it is known how far each server has got. Until then polls
// are given nothing.
func (c *Chat) IsReady() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.messages.Mark()
	return known && c.stored != nil
}

// lostOf returns the function that says that an answer cannot have arrived.
func (c *Chat) lostOf(q *queue, answer int) func() {
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		q.lost(answer)
	}
}

// maxQueues bounds the gamemodes remembered: anyone who may ask can invent them.
const maxQueues = 256

// queue returns the queue of a gamemode, made if need be. The caller holds c.mu.
func (c *Chat) queue(gamemode string, mark syncer.ChatMark) *queue {
	q, known := c.queues[gamemode]
	if !known {
		if len(c.queues) >= maxQueues {
			c.forgetOldest()
		}
		position, stored := c.stored[gamemode]
		if !stored {
			position = mark.Last
		}
		q = &queue{done: min(position, mark.Last), offered: min(position, mark.Last), rewinds: mark.Rewinds}
		c.queues[gamemode] = q
	}
	q.polled = c.config.Now()
	return q
}

// forgetOldest drops the queue that was asked for the longest ago.
func (c *Chat) forgetOldest() {
	var oldest string
	for gamemode, q := range c.queues {
		if first, found := c.queues[oldest]; !found || q.polled.Before(first.polled) {
			oldest = gamemode
		}
	}
	delete(c.queues, oldest)
	delete(c.stored, oldest)
}

// pruneInterval is how often old messages are deleted, by any of the sidecars.
const pruneInterval = time.Hour

// Run stores how far each server has got, whenever that has moved, until ctx ends,
// and a last time then.
func (c *Chat) Run(ctx context.Context) error {
	ticker := time.NewTicker(c.config.Flush)
	defer ticker.Stop()
	prune := time.NewTimer(time.Duration((0.5 + rand.Float64()) * float64(pruneInterval)))
	defer prune.Stop()
	c.flush(ctx)
	for {
		select {
		case <-ticker.C:
			c.flush(ctx)
		case <-prune.C:
			prune.Reset(pruneInterval)
			if err := c.store.PruneStaffChat(ctx); err != nil && ctx.Err() == nil {
				c.log.Warn("cannot delete old staff messages; trying again later", "error", err)
			}
		case <-ctx.Done():
			final, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
			defer cancel()
			c.flush(final)
			return nil
		}
	}
}

// flush reads the positions, if that has not been done, and stores those that
// have moved.
func (c *Chat) flush(ctx context.Context) {
	c.mu.Lock()
	known, moved := c.stored != nil, c.moved()
	c.mu.Unlock()
	if !known {
		c.load(ctx)
		return
	}
	if len(moved) == 0 {
		return
	}
	if err := c.store.SaveStaffDeliveries(ctx, c.config.Sidecar, moved); err != nil {
		if ctx.Err() == nil {
			c.log.Warn("cannot store how far the staff chat was delivered; trying again", "error", err)
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.Copy(c.stored, moved)
}

func (c *Chat) load(ctx context.Context) {
	stored, err := c.store.StaffDeliveries(ctx, c.config.Sidecar)
	if err != nil {
		c.log.Debug("cannot read how far the staff chat was delivered; trying again", "error", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stored = stored
}

// moved returns the positions that are not stored as they are. The caller holds c.mu.
func (c *Chat) moved() map[string]int64 {
	moved := map[string]int64{}
	for gamemode, q := range c.queues {
		q.settle(c.config.Now(), true)
		position, stored := c.stored[gamemode]
		if !stored && q.answers < 2 {
			continue // a server comes again; who invents names may not
		}
		if !stored || position != q.done {
			moved[gamemode] = q.done
		}
	}
	return moved
}
