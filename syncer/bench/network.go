package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"playersync/syncer"
	"playersync/syncer/daemon"
	"playersync/syncer/httpapi"
	"playersync/syncer/sidecar"
)

// perSidecar is how many connections a sidecar has at most: its pool and the feed's.
const perSidecar = 9

// network is whole sidecars on one database, which are asked over HTTP.
type network struct {
	client   *http.Client
	sidecars []*served
}

// served is a sidecar that runs.
type served struct {
	*daemon.Daemon
	stop func() error
}

// startNetwork starts sidecars at once and waits until they follow the database.
func startNetwork(ctx context.Context, config Config, database string, count int) (*network, error) {
	n := &network{
		client:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}},
		sidecars: make([]*served, count),
	}
	group, starting := errgroup.WithContext(ctx)
	for i := range count {
		group.Go(func() (err error) {
			n.sidecars[i], err = serve(starting, config, database, fmt.Sprint("bench-", i))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

// serve starts a sidecar, as it is by default, and waits until it follows the database.
func serve(ctx context.Context, config Config, database, name string) (*served, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for http: %w", err)
	}
	d, err := daemon.New(ctx, daemon.Config{
		DatabaseURL: database, Listener: listener,
		Sidecar: sidecar.Config{Home: syncer.GameServer{Name: name, Gamemode: "pvp", Address: name + ":6567"}},
		HTTP:    httpapi.Config{Listen: listener.Addr().String()},
	}, config.Log)
	if err != nil {
		return nil, fmt.Errorf("start sidecar: %w", err)
	}
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- d.Run(running) }()
	s := &served{d, func() error { end(); return <-ended }}
	select {
	case <-d.Ready():
		return s, nil
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("start sidecar: %w", context.Cause(ctx)), s.stop())
	}
}

// close stops all sidecars at once.
func (n *network) close() error {
	n.client.CloseIdleConnections()
	var group errgroup.Group
	for _, s := range n.sidecars {
		if s != nil {
			group.Go(s.stop)
		}
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("stop sidecars: %w", err)
	}
	return nil
}

// ask makes a request to one of the sidecars, and fails unless the answer reports success.
func (n *network) ask(ctx context.Context, at int, method, path, body string) error {
	_, _, err := ask(ctx, n.client, method, n.sidecars[at%len(n.sidecars)].URL()+path, body)
	return err
}

// join lets a player join the server of a sidecar.
func (n *network) join(ctx context.Context, at int, id string) error {
	return n.ask(ctx, at, http.MethodPost, playerPath(id)+"/join", `{"name": "Steve", "ip": "192.0.2.1"}`)
}

func playerPath(id string) string { return "/v1/players/" + url.PathEscape(id) }

// withScratch gives use databases that are dropped afterwards, on a server that has so many
// connections left.
func withScratch(
	ctx context.Context, config Config, connections int, use func(made *scratch) (Report, error),
) (report Report, err error) {
	config.Progress(0, "preparing databases")
	version, err := checkServer(ctx, config.URL, connections+8)
	if err != nil {
		return Report{}, err
	}
	made, err := newScratch(ctx, config.URL)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, made.drop()) }()
	report, err = use(made)
	report.Server = version
	return report, err
}

// grownID is the id of a player that [morePlayers] makes.
func grownID(n int) string { return fmt.Sprintf("grown%d+AAAAAAAAAAAAA==", n) }

// morePlayers inserts players with numbers from one to another, each with a name that no other
// has, and money.
const morePlayers = `
insert into currency (name) values ('coins') on conflict do nothing;
insert into player (uuid, name, rank, flags, attributes, language, gamemodes)
select 'grown' || n || '+AAAAAAAAAAAAA==', '[accent]' || md5(n::text), 'player', '{member,trusted}',
    '{"shop": {"discount": 5}}', 'en',
    '{"pvp": {"firstJoined": 1700000000000, "lastJoined": 1750000000000,
        "stats": {"blocksBroken": 12345, "blocksPlaced": 23456, "timeInGame": 345678}}}'
from generate_series(%[1]d, %[2]d) as n
on conflict do nothing;
insert into balance (uuid, currency, amount)
select 'grown' || n || '+AAAAAAAAAAAAA==', 'coins', 1000000
from generate_series(%[1]d, least(%[2]d, 10000)) as n
on conflict do nothing;`

// addMore inserts players with numbers from one to another.
func addMore(ctx context.Context, database string, from, to int) error {
	if err := execute(ctx, database, fmt.Sprintf(morePlayers, from, to)); err != nil {
		return fmt.Errorf("insert players: %w", err)
	}
	return nil
}

// timed returns how long something takes.
func timed(do func() error) (time.Duration, error) {
	began := time.Now()
	err := do()
	return time.Since(began), err
}
