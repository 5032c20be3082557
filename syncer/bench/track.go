package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

// Kinds of samples; see the package comment.
const (
	oursUpdate = iota
	bareUpdate
	oursEdit
	bareEdit
	polled
	kinds
)

const (
	warmUp = 40                    // rounds whose samples do not count
	pause  = 10 * time.Millisecond // before each sample, for what the one before left to do
)

// track is what changes run along: writers at one end, N sidecars, listeners and
// pollers at the other.
type track struct {
	count          int
	fanout         Fanout
	sidecars       []*follower
	finish         finish // of sidecars and listeners
	listeners      *listeners
	pollers        *pollers
	ours, bare     *store.Store // for edits
	oursDB, bareDB *pgx.Conn    // for plain SQL
	following      sync.WaitGroup
	made           *scratch
	cleanups       []func()
}

func newTrack(
	ctx context.Context, config PropagationConfig, made *scratch, count int, fanout Fanout,
) (*track, error) {
	t := &track{count: count, fanout: fanout, made: made}
	config.Progress(0, "starting")
	parts := []func(context.Context, PropagationConfig) error{t.openWriters, t.openSidecars}
	if fanout == FanoutListen {
		parts = append(parts, t.openRivals)
	}
	for _, build := range parts {
		if err := build(ctx, config); err != nil {
			t.close()
			return nil, err
		}
	}
	return t, nil
}

func (t *track) openWriters(ctx context.Context, config PropagationConfig) error {
	for _, w := range []struct {
		address string
		store   **store.Store
		conn    **pgx.Conn
	}{{t.made.ours, &t.ours, &t.oursDB}, {t.made.bare, &t.bare, &t.bareDB}} {
		s, err := store.Open(ctx, w.address, store.Options{
			MaxConnections: 2, Timeout: deliveryTimeout, Name: "bench", Publish: t.publish(), Logger: config.Log,
		})
		if err != nil {
			return err
		}
		t.cleanups = append(t.cleanups, s.Close)
		conn, err := pgx.Connect(ctx, w.address)
		if err != nil {
			return fmt.Errorf("connect writer: %w", err)
		}
		t.cleanups = append(t.cleanups, func() { _ = conn.Close(context.Background()) })
		*w.store, *w.conn = s, conn
	}
	return nil
}

// publish returns what takes own writes of the first sidecar; nil without a fan-out.
func (t *track) publish() func(string) {
	if t.fanout == FanoutListen {
		return nil
	}
	return func(payload string) { t.sidecars[0].fanout.Publish(payload) }
}

func (t *track) openSidecars(ctx context.Context, config PropagationConfig) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	t.cleanups = append(t.cleanups, func() { stop(); t.following.Wait() })
	for range t.count {
		c, err := newFollower(t.ours, t.nats(config), &t.finish, config.Log)
		if err != nil {
			return err
		}
		t.sidecars = append(t.sidecars, c)
		c.run(running, &t.following)
	}
	ctx, cancel := context.WithTimeout(ctx, setupTimeout+time.Duration(t.count)*setupPerSidecar)
	defer cancel()
	for _, c := range t.sidecars {
		if err := c.hold(ctx); err != nil {
			return err
		}
	}
	return nil
}

// nats returns which NATS the sidecars use; "" for none.
func (t *track) nats(config PropagationConfig) string {
	if t.fanout == FanoutListen {
		return ""
	}
	return config.NATS
}

func (t *track) openRivals(ctx context.Context, config PropagationConfig) (err error) {
	if t.listeners, err = listen(ctx, t.made.bare, t.count, &t.finish); err != nil {
		return err
	}
	t.cleanups = append(t.cleanups, t.listeners.close)
	if t.pollers, err = startPollers(ctx, t.made.ours, t.count, config.PollInterval); err != nil {
		return err
	}
	t.cleanups = append(t.cleanups, t.pollers.close)
	return nil
}

// close releases everything, the latest first.
func (t *track) close() {
	for len(t.cleanups) > 0 {
		last := len(t.cleanups) - 1
		t.cleanups[last]()
		t.cleanups = t.cleanups[:last]
	}
}

// run takes rounds of samples until enough are taken or the time is up.
func (t *track) run(ctx context.Context, config PropagationConfig) (s samples, err error) {
	for range min(warmUp, config.Rounds) {
		var discarded samples
		if err := t.round(ctx, &discarded); err != nil {
			return s, err
		}
	}
	started := time.Now()
	for round := 0; round < config.Rounds && time.Since(started) < config.Duration; round++ {
		if err := t.round(ctx, &s); err != nil {
			return s, err
		}
		share := max(float64(round+1)/float64(config.Rounds),
			min(1, time.Since(started).Seconds()/config.Duration.Seconds()))
		config.Progress(share, "measuring")
		for t.pollers != nil && len(s[polled]) < int(share*float64(config.Polls)) {
			waited, err := t.poll(ctx, config.PollInterval)
			if err != nil {
				return s, err
			}
			s[polled] = append(s[polled], waited)
		}
	}
	return s, nil
}

// round takes one sample of each kind but polling, in random order.
func (t *track) round(ctx context.Context, s *samples) error {
	for _, kind := range rand.Perm(polled) {
		if t.listeners == nil && (kind == bareUpdate || kind == bareEdit) {
			continue
		}
		if !rest(ctx, pause) {
			return context.Cause(ctx)
		}
		took, err := t.sample(ctx, kind)
		if err != nil {
			return err
		}
		s[kind] = append(s[kind], took)
	}
	return nil
}

// next returns a player and a rank that no player has had yet.
func (t *track) next() (id syncer.PlayerID, rank string) {
	t.made.changes++
	return playerID(t.made.changes), fmt.Sprintf("rank %d", t.made.changes)
}

func (t *track) sample(ctx context.Context, kind int) (sample, error) {
	id, rank := t.next()
	return t.finish.clock(ctx, t.count, rank, func() error {
		switch kind {
		case oursUpdate:
			return update(ctx, t.oursDB, id, rank)
		case bareUpdate:
			return update(ctx, t.bareDB, id, rank)
		case oursEdit:
			return t.sidecars[0].edit(ctx, id, rank)
		default:
			_, _, err := t.bare.EditPlayer(ctx, id, merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some(rank)}}, nil)
			return err
		}
	})
}

// poll takes a sample of polling, at a moment that the pollers' ticks do not know.
func (t *track) poll(ctx context.Context, interval time.Duration) (sample, error) {
	if !rest(ctx, pause+rand.N(interval)) {
		return sample{}, context.Cause(ctx)
	}
	id, rank := t.next()
	return t.pollers.sample(ctx, t.oursDB, id, rank)
}

// update changes a rank by plain SQL.
func update(ctx context.Context, conn *pgx.Conn, id syncer.PlayerID, rank string) error {
	_, err := conn.Exec(ctx, "update player set rank = $1 where uuid = $2", rank, string(id))
	return err
}

// checkServer refuses a server that has not got the connections, and returns its
// version.
func checkServer(ctx context.Context, url string, need int) (version string, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var free int
	err = conn.QueryRow(ctx, `
		select current_setting('server_version'), current_setting('max_connections')::int
			- current_setting('superuser_reserved_connections')::int
			- (select count(*) from pg_stat_activity where backend_type = 'client backend')::int`).Scan(&version, &free)
	if err != nil {
		return "", fmt.Errorf("look at server: %w", err)
	}
	if need > free {
		return "", fmt.Errorf("this needs %d connections and the server has %d left: raise its max_connections or "+
			"measure fewer", need, free)
	}
	return version, nil
}
