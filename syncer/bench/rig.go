package bench

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"playersync/syncer/store"
)

// rig is two scratch databases with a store on each, and sidecars that follow ours.
type rig struct {
	version    string // of the server
	made       *scratch
	ours, bare *store.Store
	followers  []*follower // of ours
	turn       turn
	marks      atomic.Int64 // values used: a change must be one
	stop       context.CancelFunc
	following  sync.WaitGroup
}

// newRig makes a rig whose stores have a number of connections each, and as many
// sidecars that follow.
func newRig(ctx context.Context, config Config, connections int32, followers int) (*rig, error) {
	config.Progress(0, "preparing databases")
	version, err := checkServer(ctx, config.URL, 2*int(connections)+followers+8)
	if err != nil {
		return nil, err
	}
	r := &rig{
		version: version, turn: turn{lasts: min(longTurn, config.Duration), operations: max(config.Operations, 1)},
	}
	if r.made, err = newScratch(ctx, config.URL); err != nil {
		return nil, err
	}
	if err := r.open(ctx, config, connections, followers); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *rig) open(ctx context.Context, config Config, connections int32, followers int) (err error) {
	options := store.Options{MaxConnections: connections, Timeout: deliveryTimeout, Name: "bench", Logger: config.Log}
	if r.ours, err = store.Open(ctx, r.made.ours, options); err != nil {
		return err
	}
	if r.bare, err = store.Open(ctx, r.made.bare, options); err != nil {
		return err
	}
	var running context.Context
	running, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	for range followers {
		c, err := newFollower(r.ours, "", &finish{}, config.Log)
		if err != nil {
			return err
		}
		r.followers = append(r.followers, c)
		c.run(running, &r.following)
		if err := c.hold(ctx); err != nil {
			return err
		}
	}
	return nil
}

// close releases everything and drops the databases.
func (r *rig) close() error {
	if r.stop != nil {
		r.stop()
	}
	r.following.Wait()
	for _, s := range []*store.Store{r.ours, r.bare} {
		if s != nil {
			s.Close()
		}
	}
	return r.made.drop()
}
