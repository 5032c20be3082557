package feed_test

import (
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
	"playersync/syncer/feed"
)

// chat is a table that keeps what it is told, in order.
type chat struct {
	mu     sync.Mutex
	loads  int
	resets int
	texts  []string
}

func (c *chat) Entity() syncer.Entity { return syncer.EntityStaffMessage }

func (c *chat) Apply(ch changefeed.Change) (changefeed.ApplyResult, []changefeed.Event) {
	row, ok := ch.Row.(*changefeed.NewMessage)
	if !ok {
		return changefeed.NeedsRead, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.Contains(c.texts, row.Text) {
		return changefeed.Unchanged, nil
	}
	c.texts = append(c.texts, row.Text)
	return changefeed.Applied, []changefeed.Event{{Type: changefeed.EventChat, Message: &row.StaffMessage}}
}

func (c *chat) Load(_ changefeed.Snapshot, rows []changefeed.Row) (events []changefeed.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loads++
	for _, row := range rows {
		if m := row.(*syncer.StaffMessage); !slices.Contains(c.texts, m.Text) {
			c.texts = append(c.texts, m.Text)
			events = append(events, changefeed.Event{Type: changefeed.EventChat, Message: m})
		}
	}
	return events
}

func (c *chat) Advance(changefeed.Snapshot) {}

func (c *chat) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resets++
}

func (c *chat) loaded() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loads
}

// says stores a message and tells of it.
func (d *database) says(text string, how telling) {
	d.commit(d.begin(), how, func(d *database) []changefeed.Change {
		m := syncer.StaffMessage{Text: text}
		if d.tables == nil {
			d.tables = map[syncer.Entity][]changefeed.Row{}
		}
		d.tables[syncer.EntityStaffMessage] = append(d.tables[syncer.EntityStaffMessage], &m)
		return []changefeed.Change{{Entity: syncer.EntityStaffMessage, Key: text, Row: &changefeed.NewMessage{StaffMessage: m}}}
	})
}

// runTable is run with a table held besides players and bans.
func runTable(t *testing.T, test func(r *rig, c *chat)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r, c := newRig(t, feed.Config{}), &chat{}
		r.registry = prometheus.NewRegistry()
		r.applier = feed.NewApplier(r.players, cache.NewBans(), func(e changefeed.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, e)
		}, c)
		r.feed = feed.New(feed.Config{MinTriggers: 13}, r.db, r.applier, r.registry, slog.New(slog.DiscardHandler))
		r.db.says("before", untold)
		r.start()
		test(r, c)
	})
}

func TestTableIsReadAtTheStart(t *testing.T) {
	t.Parallel()
	runTable(t, func(r *rig, c *chat) {
		if c.loaded() != 1 || !slices.Equal(c.texts, []string{"before"}) {
			r.Errorf("%d loads, %q", c.loads, c.texts)
		}
	})
}

func TestTableIsToldAtOnceWhateverTravels(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]telling{"row": withRow, "bare": bare, "garbled": garbled, "untold": untold} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runTable(t, func(r *rig, c *chat) {
				r.db.says("one", how)
				synctest.Wait()
				if how == withRow {
					if c.loaded() != 1 {
						r.Error("was read although the row travelled")
					}
					r.wantTold(changefeed.EventChat)
				}
				pass(10 * time.Second)
				if how != withRow {
					r.wantTold(changefeed.EventChat)
				}
				if c.loaded() != 2 {
					r.Errorf("read %d times, want at the start and after the poll", c.loaded())
				}
				pass(20 * time.Second)
				r.wantSilence()
				if missed := r.metric("playersync_feed_found_by_poll_total", ""); (missed == 1) != (how == untold) && how != garbled {
					r.Errorf("%v changes count as missed", missed)
				}
			})
		})
	}
}

func TestTableThatCannotBeReadIsReadAgain(t *testing.T) {
	t.Parallel()
	runTable(t, func(r *rig, c *chat) {
		r.db.set(func(d *database) { d.fails["ReadTable"] = errors.New("disk on fire") })
		r.db.says("one", bare)
		pass(time.Second)
		r.wantFollowing(false)
		r.wantSilence()
		r.db.set(func(d *database) { delete(d.fails, "ReadTable") })
		pass(5 * time.Second)
		r.wantFollowing(true)
		r.wantTold(changefeed.EventChat)
	})
}

func TestTableOfAnotherEpochIsReset(t *testing.T) {
	t.Parallel()
	runTable(t, func(r *rig, c *chat) {
		r.db.set(func(d *database) { d.where.Epoch = "second" })
		pass(6 * time.Second)
		if c.resets != 1 || c.loaded() != 2 {
			r.Errorf("%d resets, %d loads", c.resets, c.loads)
		}
		r.wantTold(changefeed.EventResync)
	})
}
