package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
	"playersync/syncer/daemon"
	"playersync/syncer/httpapi"
	"playersync/syncer/sidecar"
)

// Reads measures reads of a player in memory: in the process, beside a Go map under
// a lock, and over HTTP on loopback from a whole sidecar, beside an empty handler
// of net/http that writes the same bytes.
func Reads(ctx context.Context, config Config) (report Report, err error) {
	r, err := newRig(ctx, config, 2, followers)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	report = newReport(r.version)
	config.Progress(0.2, "reading in the process")
	if err := readCache(ctx, config, &report); err != nil {
		return Report{}, err
	}
	config.Progress(0.5, "reading over HTTP")
	if err := r.readHTTP(ctx, config, &report); err != nil {
		return Report{}, err
	}
	return report, nil
}

// readCache reads players from the cache and from what one writes first.
func readCache(ctx context.Context, config Config, report *Report) error {
	const count, calls = 10_000, 500_000
	ids := make([]syncer.PlayerID, count)
	for i := range ids {
		ids[i] = syncer.PlayerID(fmt.Sprintf("bench%d+AAAAAAAAAAAAAAAA==", i))
	}
	held, err := holding(ctx, ids)
	if err != nil {
		return err
	}
	rival, found := newLockedPlayers(ids), 0
	ours := func(i int) {
		if p, _ := held.Get(ids[i%count]); p != nil {
			found++
		}
	}
	theirs := func(i int) {
		if p := rival.get(ids[i%count]); p != nil {
			found++
		}
	}
	before := allocations()
	perCall(calls, ours)
	allocated := float64(allocations()-before) / calls
	figures, err := inTurn(ctx, config.Duration/2,
		func(context.Context) (float64, error) { return perCall(calls, ours), nil },
		func(context.Context) (float64, error) { return perCall(calls, theirs), nil },
	)
	if err != nil {
		return err
	}
	if found%calls != 0 {
		return errors.New("read cache: players are missing")
	}
	report.add(Measurement{
		Figure: "read in the process", Unit: "ns", Ours: figures[0],
		Rival: "map under RWMutex", Theirs: figures[1], Goal: Goal{MaxOurs: 100},
	})
	report.add(Measurement{
		Figure: "allocations of it", Unit: "per read", Ours: float64(int64(allocated*100)) / 100,
		Goal: Goal{MaxOurs: 0.01},
	})
	return nil
}

// lockedPlayers is the rival of the cache.
type lockedPlayers struct {
	mu   sync.RWMutex
	byID map[syncer.PlayerID]*syncer.Player
}

// newLockedPlayers returns one that holds new players.
func newLockedPlayers(ids []syncer.PlayerID) *lockedPlayers {
	l := &lockedPlayers{byID: make(map[syncer.PlayerID]*syncer.Player, len(ids))}
	for _, id := range ids {
		l.byID[id] = new(syncer.NewPlayer(id))
	}
	return l
}

func (l *lockedPlayers) get(id syncer.PlayerID) *syncer.Player {
	l.mu.RLock()
	player := l.byID[id]
	l.mu.RUnlock()
	return player
}

// holding returns a cache that holds new players.
func holding(ctx context.Context, ids []syncer.PlayerID) (*cache.Players, error) {
	held := cache.NewPlayers(2 * len(ids))
	read := func(_ context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
		players := make([]changefeed.VersionedPlayer, len(ids))
		for i, id := range ids {
			players[i] = changefeed.VersionedPlayer{ID: id, Player: new(syncer.NewPlayer(id))}
		}
		return players, nil
	}
	for _, id := range ids {
		held.Hold(id)
		if _, _, err := held.Read(ctx, id, read); err != nil {
			return nil, fmt.Errorf("fill cache: %w", err)
		}
	}
	return held, nil
}

// allocations returns how many there were so far.
func allocations() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// readHTTP asks a daemon for a player that is on its server.
func (r *rig) readHTTP(ctx context.Context, config Config, report *Report) (err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for http: %w", err)
	}
	d, err := daemon.New(ctx, daemon.Config{
		DatabaseURL: r.made.ours, Listener: listener,
		Sidecar: sidecar.Config{Home: syncer.GameServer{Name: "bench", Gamemode: "pvp", Address: "127.0.0.1:6567"}},
		HTTP:    httpapi.Config{Listen: listener.Addr().String()},
	}, config.Log)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- d.Run(running) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	select {
	case <-d.Ready():
	case <-ctx.Done():
		return context.Cause(ctx)
	}

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	player := d.URL() + "/v1/players/" + url.PathEscape(string(playerID(0)))
	if _, _, err := ask(ctx, client, http.MethodPost, player+"/join",
		`{"name": "Steve", "ip": "192.0.2.1"}`); err != nil {
		return err
	}
	header, body, err := ask(ctx, client, http.MethodGet, player, "")
	if err != nil {
		return err
	}
	floor, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for http: %w", err)
	}
	server := &http.Server{
		ReadHeaderTimeout: deliveryTimeout,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			maps.Copy(w.Header(), header)
			_, _ = w.Write(body) // the client's loss
		}),
	}
	go func() { _ = server.Serve(floor) }() // ends with its listener
	defer func() { _ = server.Close() }()
	return compareHTTP(ctx, config, report, client, player, "http://"+floor.Addr().String())
}

// compareHTTP reports the median of one read at a time, and the reads in a second
// of a client per processor.
func compareHTTP(ctx context.Context, config Config, report *Report, client *http.Client, ours, floor string) error {
	single := func(address string) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			samples := make([]time.Duration, 200)
			for i := range samples {
				began := time.Now()
				if _, _, err := ask(ctx, client, http.MethodGet, address, ""); err != nil {
					return 0, err
				}
				samples[i] = time.Since(began)
			}
			return figureOf(samples).P50 * 1000, nil
		}
	}
	many := func(address string) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			const each = 500
			group, asking := errgroup.WithContext(ctx)
			began := time.Now()
			for range runtime.GOMAXPROCS(0) {
				group.Go(func() error {
					for range each {
						if _, _, err := ask(asking, client, http.MethodGet, address, ""); err != nil {
							return err
						}
					}
					return nil
				})
			}
			err := group.Wait()
			return float64(each*runtime.GOMAXPROCS(0)) / time.Since(began).Seconds(), err
		}
	}
	figures, err := inTurn(ctx, config.Duration/2, single(ours), single(floor), many(ours), many(floor))
	if err != nil {
		return err
	}
	const rival = "an empty handler, same bytes"
	report.add(Measurement{
		Figure: "read over HTTP, p50", Unit: "µs", Ours: figures[0], Rival: rival, Theirs: figures[1],
		Goal: Goal{MaxRatio: 1 / 0.8},
	})
	report.add(Measurement{
		Figure: "reads over HTTP", Unit: "/s", Ours: figures[2], Rival: rival, Theirs: figures[3],
		Goal: Goal{MinRatio: 0.8},
	})
	return nil
}

// ask makes a request and returns the answer if it reports success.
func ask(ctx context.Context, client *http.Client, method, address, body string) (http.Header, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewBufferString(body))
	if err != nil {
		return nil, nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: %s", response.Status, answer)
	}
	return response.Header, answer, err
}
