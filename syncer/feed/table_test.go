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

// chat is a table that keeps the messages it receives, in order.
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

func (c *chat) Distrust(changefeed.Change) {}

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

// addMessage stores a message and notifies listeners.
func (d *database) addMessage(text string, how delivery) {
	d.commit(d.begin(), how, func(d *database) []changefeed.Change {
		m := syncer.StaffMessage{Text: text}
		if d.tables == nil {
			d.tables = map[syncer.Entity][]changefeed.Row{}
		}
		d.tables[syncer.EntityStaffMessage] = append(d.tables[syncer.EntityStaffMessage], &m)
		row := &changefeed.NewMessage{StaffMessage: m}
		return []changefeed.Change{{Entity: syncer.EntityStaffMessage, Key: text, Row: row}}
	})
}

// runTable is run with a table held besides players and bans.
func runTable(t *testing.T, test func(r *rig, c *chat)) {
	t.Helper()
	each(t, feed.Config{}, func(r *rig) {
		c := &chat{}
		r.registry = prometheus.NewRegistry()
		r.applier = feed.NewApplier(r.players, cache.NewBans(), func(e changefeed.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, e)
		}, c)
		r.feed = feed.New(r.config, r.db, r.applier, r.registry, slog.New(slog.DiscardHandler))
		r.db.addMessage("before", lost)
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

func TestTableIsPublishedAtOnceWhateverArrives(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]delivery{"row": withRow, "key only": keyOnly, "garbled": garbled, "lost": lost} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runTable(t, func(r *rig, c *chat) {
				r.db.addMessage("one", how)
				synctest.Wait()
				if how == withRow {
					if c.loaded() != 1 {
						r.Error("was read although the notification carried the row")
					}
					r.wantEvent(changefeed.EventChat)
				}
				advanceTime(10 * time.Second)
				if how != withRow {
					r.wantEvent(changefeed.EventChat)
				}
				if c.loaded() != 2 {
					r.Errorf("read %d times, want at the start and after the poll", c.loaded())
				}
				advanceTime(20 * time.Second)
				r.wantNoEvents()
				missed := r.metric("playersync_feed_found_by_poll_total", "")
				if (missed == 1) != (how == lost) && how != garbled {
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
		r.db.addMessage("one", keyOnly)
		advanceTime(time.Second)
		r.wantFollowing(false)
		r.wantNoEvents()
		r.db.set(func(d *database) { delete(d.fails, "ReadTable") })
		advanceTime(5 * time.Second)
		r.wantFollowing(true)
		r.wantEvent(changefeed.EventChat)
	})
}

func TestTableOfAnotherEpochIsReset(t *testing.T) {
	t.Parallel()
	runTable(t, func(r *rig, c *chat) {
		r.db.set(func(d *database) { d.where.Epoch = "second" })
		advanceTime(6 * time.Second)
		if c.resets != 1 || c.loaded() != 2 {
			r.Errorf("%d resets, %d loads", c.resets, c.loads)
		}
		r.wantEvent(changefeed.EventResync)
	})
}
