package feed_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/feed"
)

// How a change reaches listeners.
type delivery int

const (
	withRow delivery = iota
	keyOnly
	lost      // recorded, but its notification is lost
	garbled   // its notification cannot be decoded
	unwritten // not even recorded: the triggers are off
)

// database is a model of what the feed needs of PostgreSQL: rows, a change table
// and transactions that may stay open.
type database struct {
	mu       sync.Mutex
	next     uint64 // transaction id
	running  map[uint64]bool
	revision int64
	players  map[syncer.PlayerID]*syncer.Player
	bans     map[syncer.Target]syncer.ActiveBan
	tables   map[syncer.Entity][]changefeed.Row
	changes  []changefeed.Change
	conns    map[*conn]bool
	fanout   *fanout                   // nil: connections listen
	sent     [][]changefeed.Change     // by payload, where there is a fan-out
	where    feed.Position             // the fields that tests set
	ahead    time.Duration             // of the local clock
	sizes    map[syncer.PlayerID]int64 // bytes
	rate     int64                     // bytes a second that reads of players have; 0: no limit
	stuck    map[syncer.PlayerID]bool  // reads of them are never answered

	// Faults, by method of Conn or "Open".
	fails  map[string]error  // every call
	stalls map[string]bool   // until the context ends
	during map[string]func() // called in every call
	calls  map[string]int
	polls  []time.Time
}

func newDatabase() *database {
	return &database{
		next: 100, running: map[uint64]bool{},
		players: map[syncer.PlayerID]*syncer.Player{}, bans: map[syncer.Target]syncer.ActiveBan{},
		conns: map[*conn]bool{}, fails: map[string]error{}, stalls: map[string]bool{},
		during: map[string]func(){}, calls: map[string]int{},
		sizes: map[syncer.PlayerID]int64{}, stuck: map[syncer.PlayerID]bool{},
		where: feed.Position{
			Epoch: "first", SameDatabase: true, Listening: true, Triggers: "as migrated", TriggersEnabled: 13,
		},
	}
}

// set changes what tests may change, under the lock.
func (d *database) set(change func(*database)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *database) count(method string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[method]
}

// begin opens a transaction.
func (d *database) begin() (xid uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	xid = d.next
	d.next++
	d.running[xid] = true
	return xid
}

// commit makes an edit of the rows visible, records its changes and notifies listeners.
func (d *database) commit(xid uint64, how delivery, edit func(d *database) []changefeed.Change) []changefeed.Change {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.running, xid)
	changes := edit(d)
	for i := range changes {
		changes[i].Xid, changes[i].At = xid, time.Now().Add(d.ahead)
	}
	d.record(changes, how)
	if how != lost && how != unwritten {
		d.notify(changes, how)
	}
	return changes
}

func (d *database) record(changes []changefeed.Change, how delivery) {
	if how == unwritten {
		return
	}
	for _, ch := range changes {
		ch.Row = nil
		d.changes = append(d.changes, ch)
	}
}

func (d *database) notify(changes []changefeed.Change, how delivery) {
	sent := slices.Clone(changes)
	for i := range sent {
		if how == keyOnly {
			sent[i].Row = nil
		}
	}
	if how == garbled {
		sent = nil
	}
	if d.fanout != nil {
		d.fanout.inbox <- strconv.Itoa(len(d.sent))
		d.sent = append(d.sent, sent)
	}
	for c := range d.conns {
		if c.listening {
			c.inbox <- sent
		}
	}
}

// rank gives a player a rank, in a transaction of its own.
func (d *database) rank(id syncer.PlayerID, rank string, how delivery) []changefeed.Change {
	return d.commit(d.begin(), how, ranked(id, rank))
}

func ranked(id syncer.PlayerID, rank string) func(*database) []changefeed.Change {
	return func(d *database) []changefeed.Change {
		d.revision++
		p := syncer.NewPlayer(id)
		if old := d.players[id]; old != nil {
			p = old.Clone()
		}
		p.Rank, p.Revision = rank, d.revision
		inserted := d.players[id] == nil
		d.players[id] = &p
		ch := changefeed.Change{Entity: syncer.EntityPlayer, Key: string(id)}
		if !inserted {
			ch.Row = &changefeed.PlayerRow{Revision: p.Revision, Synced: p.Synced}
		}
		return []changefeed.Change{ch}
	}
}

func (d *database) remove(id syncer.PlayerID, how delivery) {
	d.commit(d.begin(), how, func(d *database) []changefeed.Change {
		delete(d.players, id)
		return []changefeed.Change{{Entity: syncer.EntityPlayer, Key: string(id)}}
	})
}

func (d *database) ban(target syncer.Target, how delivery) []changefeed.Change {
	return d.commit(d.begin(), how, func(d *database) []changefeed.Change {
		d.revision++
		d.bans[target] = syncer.ActiveBan{Target: target, Revision: d.revision}
		row := &changefeed.BanRow{Open: true, Revision: d.revision}
		return []changefeed.Change{{Entity: syncer.EntityBan, Key: target.Key(), Row: row}}
	})
}

func (d *database) unban(target syncer.Target, how delivery) {
	d.commit(d.begin(), how, func(d *database) []changefeed.Change {
		d.revision++
		delete(d.bans, target)
		row := &changefeed.BanRow{Revision: d.revision}
		return []changefeed.Change{{Entity: syncer.EntityBan, Key: target.Key(), Row: row}}
	})
}

// cut breaks every connection.
func (d *database) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.conns {
		c.end()
	}
	clear(d.conns)
}

func (d *database) snapshot() changefeed.Snapshot {
	running := slices.Sorted(maps.Keys(d.running))
	xmin := d.next
	var list []string
	for _, xid := range running {
		xmin = min(xmin, xid)
		list = append(list, fmt.Sprint(xid))
	}
	s, err := changefeed.ParseSnapshot(fmt.Sprintf("%d:%d:%s", xmin, d.next, strings.Join(list, ",")))
	if err != nil {
		panic(err)
	}
	return s
}

// Open implements feed.Source.
func (d *database) Open(ctx context.Context) (feed.Conn, error) {
	c := &conn{database: d, inbox: make(chan []changefeed.Change, 1<<12), broken: make(chan struct{})}
	c.end = sync.OnceFunc(func() { close(c.broken) })
	if err := c.enter(ctx, "Open"); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conns[c] = true
	return c, nil
}

// conn implements feed.Conn.
type conn struct {
	*database
	listening bool
	received  atomic.Int64
	inbox     chan []changefeed.Change
	broken    chan struct{}
	end       func()
}

var errBroken = errors.New("connection reset by peer")

// enter counts a call and lets it fail where the test wants that.
func (c *conn) enter(ctx context.Context, method string) error {
	c.mu.Lock()
	c.calls[method]++
	err, stalls, during := c.fails[method], c.stalls[method], c.during[method]
	c.mu.Unlock()
	if during != nil {
		during()
	}
	if stalls {
		<-ctx.Done()
	}
	select {
	case <-c.broken:
		return errBroken
	default:
		return cmp.Or(err, ctx.Err())
	}
}

func (c *conn) Listen(ctx context.Context) error {
	if err := c.enter(ctx, "Listen"); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listening = true
	return nil
}

func (c *conn) Wait(ctx context.Context) ([]changefeed.Change, error) {
	select {
	case changes := <-c.inbox: // even if ctx has ended
		return opened(changes)
	default:
	}
	if err := c.enter(ctx, "Wait"); err != nil {
		return nil, err
	}
	select {
	case changes := <-c.inbox:
		return opened(changes)
	case <-c.broken:
		return nil, errBroken
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// opened returns what a notification says: one without changes is forged.
func opened(changes []changefeed.Change) ([]changefeed.Change, error) {
	if changes != nil && len(changes) == 0 {
		return nil, changefeed.ErrForged
	}
	return changes, nil
}

func (c *conn) Poll(ctx context.Context, cursor changefeed.Snapshot, most int) (feed.Position, error) {
	if err := c.enter(ctx, "Poll"); err != nil {
		return feed.Position{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.polls = append(c.polls, time.Now())
	position := c.where
	c.where.Strayed = false // it is told once
	position.Snapshot, position.Now = c.snapshot(), time.Now().Add(c.ahead)
	position.Listening = position.Listening && c.listening
	if len(c.changes) > 0 {
		position.Oldest = position.Now.Sub(c.changes[0].At)
	}
	if cursor.IsZero() {
		return position, nil
	}
	for _, ch := range c.changes {
		if ch.Xid >= cursor.Xmin() && !cursor.Sees(ch.Xid) && position.Snapshot.Sees(ch.Xid) {
			position.Changes = append(position.Changes, ch)
		}
	}
	if len(position.Changes) > most {
		position.Changes, position.Overflow = nil, true
	}
	return position, nil
}

func (c *conn) ReadPlayers(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
	if err := c.enter(ctx, "ReadPlayers"); err != nil {
		return nil, err
	}
	if err := c.send(ctx, ids); err != nil {
		return nil, err
	}
	readings := c.read(ids)
	return readings, c.enter(ctx, "ReadPlayers answered")
}

func (d *database) read(ids []syncer.PlayerID) (readings []changefeed.VersionedPlayer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		readings = append(readings, changefeed.VersionedPlayer{ID: id, Player: d.players[id], Snapshot: d.snapshot()})
	}
	return readings
}

func (c *conn) ReadBans(ctx context.Context, targets []syncer.Target) (changefeed.Snapshot, []syncer.ActiveBan, error) {
	if err := c.enter(ctx, "ReadBans"); err != nil {
		return changefeed.Snapshot{}, nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var open []syncer.ActiveBan
	for _, target := range targets {
		if active, ok := c.bans[target]; ok {
			open = append(open, active)
		}
	}
	return c.snapshot(), open, nil
}

func (c *conn) LoadBans(ctx context.Context, keep func(syncer.ActiveBan)) (changefeed.Snapshot, error) {
	if err := c.enter(ctx, "LoadBans"); err != nil {
		return changefeed.Snapshot{}, err
	}
	c.mu.Lock()
	for _, active := range c.bans {
		keep(active)
	}
	snapshot := c.snapshot()
	c.mu.Unlock()
	return snapshot, c.enter(ctx, "LoadBans answered")
}

func (c *conn) ReadTable(ctx context.Context, entity syncer.Entity) (changefeed.Snapshot, []changefeed.Row, error) {
	if err := c.enter(ctx, "ReadTable"); err != nil {
		return changefeed.Snapshot{}, nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.snapshot(), slices.Clone(c.tables[entity]), nil
}

func (c *conn) Settle(ctx context.Context) error {
	if err := c.enter(ctx, "Settle"); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.where.SameDatabase, c.where.Epoch, c.changes = true, c.where.Epoch+"'", nil
	return nil
}

func (c *conn) Prune(ctx context.Context, keep time.Duration) error {
	if err := c.enter(ctx, "Prune"); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes = slices.DeleteFunc(c.changes, func(ch changefeed.Change) bool {
		old := time.Now().Add(c.ahead).Sub(ch.At) > keep
		if old {
			c.where.Floor = max(c.where.Floor, ch.Xid+1)
		}
		return old
	})
	return nil
}

func (c *conn) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end()
	delete(c.conns, c)
}

// equals fails the test unless the rows are what the caches hold of them.
func (d *database) equals(t *testing.T, r *rig) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range r.players.All() {
		if p, ok := r.players.Get(id); ok && !same(p, d.players[id]) {
			t.Errorf("player %s is held as %+v, row is %+v", id, p, d.players[id])
		}
	}
	held := 0
	for active := range r.bans.All() {
		held++
		if _, ok := d.bans[active.Target]; !ok {
			t.Errorf("ban of %v is held but no row", active.Target)
		}
	}
	if held != len(d.bans) {
		t.Errorf("%d bans are held, rows are %d", held, len(d.bans))
	}
}

func same(a, b *syncer.Player) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Rank == b.Rank && a.Revision == b.Revision && slices.Equal(a.History, b.History)
}
