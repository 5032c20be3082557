package sidecar

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Presence says who is on which game server of the network.
//
// # Who is there
//
// What game servers tell this sidecar of joins and leaves is kept in memory, and a
// loop makes the rows say the same: at once where something changed, and whatever
// the reason for a difference, at the next renewal of the leases. So a join waits
// for nothing, and after an outage or an edit by hand the rows are right again by
// themselves. Nothing of it is on disk: after a restart of the sidecar its game
// servers are empty until players join, or join again, which says that they are
// still there.
//
// # Who is not
//
// The sessions of a game server hang off its lease, which this process renews
// several times before it would run out. Once it has, because the process or its
// connection died, any other sidecar removes it, sessions included. An orderly
// shutdown does so at once.
//
// # Two that speak for one server
//
// The newer one takes the lease over, and with it the sessions of the older one
// end: that is how a restart goes. Should the older one still live, it keeps what
// it knows to itself until the lease has run out or its game server starts. Both say so
// in their logs.
type Presence struct {
	config   PresenceConfig
	run      [16]byte
	store    PresenceStore
	sessions Sessions
	clock    Clock
	log      *slog.Logger
	wake     chan struct{} // something is to be stored; capacity 1
	failing  bool          // used by Run only

	mu      sync.Mutex
	servers map[string]*ownedServer // by name
}

// PresenceConfig holds what may be chosen.
type PresenceConfig struct {
	Home    syncer.GameServer // the server that is there without having said so
	Version string            // of this program, recorded with its servers
	Lease   time.Duration     // how long a server lives that gives no sign; 15 s

	// OnStart is notified when a game server starts, with nobody on it.
	OnStart func(syncer.GameServer)
}

// PresenceStore is what presence needs of the database.
type PresenceStore interface {
	RegisterServer(ctx context.Context, server syncer.GameServer, version string) error
	RenewLeases(ctx context.Context, lease syncer.Lease) (map[string]syncer.HeldLease, error)
	ReleaseLeases(ctx context.Context, run [16]byte) error
	SyncSessions(ctx context.Context, run [16]byte, edit syncer.SessionEdit) error
	LastSeen(ctx context.Context, id syncer.PlayerID) ([]syncer.LastSeen, error)
	ServerOverview(ctx context.Context) ([]syncer.ServerOverview, error)
}

// Sessions is all sessions of the network in memory, in the order in which they
// were stored. They are shared.
type Sessions interface {
	All() []*changefeed.SessionRow
}

// renewals is how often a lease is renewed before it runs out.
const renewals = 3

// NewPresence returns a presence; Run must be running for others to be notified.
func NewPresence(
	config PresenceConfig, store PresenceStore, sessions Sessions, clock Clock, log *slog.Logger,
) *Presence {
	if config.Lease <= 0 {
		config.Lease = 15 * time.Second
	}
	if config.OnStart == nil {
		config.OnStart = func(syncer.GameServer) {}
	}
	p := &Presence{
		config: config, store: store, sessions: sessions, clock: clock, log: log,
		wake: make(chan struct{}, 1), servers: map[string]*ownedServer{},
	}
	_, _ = rand.Read(p.run[:]) // never fails
	p.serverOf(config.Home)
	return p
}

// Joined implements [VisitObserver].
func (p *Presence) Joined(from syncer.GameServer, id syncer.PlayerID, request JoinRequest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serverOf(from).put(syncer.Session{
		Server: from.Name, ID: id, Name: request.Name, Gamemode: from.Gamemode, Since: syncer.TimeOf(p.clock.Now()),
	})
	p.poke()
}

// Left implements [VisitObserver].
func (p *Presence) Left(from syncer.GameServer, id syncer.PlayerID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a, known := p.servers[from.Name]; known {
		a.remove(id)
		p.poke()
	}
}

// Start says that a game server starts: nobody is on it, and this sidecar speaks
// for it. Saying it again changes nothing.
func (p *Presence) Start(from syncer.GameServer) {
	p.mu.Lock()
	p.serverOf(from).start()
	p.poke()
	p.mu.Unlock()
	p.config.OnStart(from)
}

// serverOf returns what is known of a server. The caller holds p.mu, if others know
// of p.
func (p *Presence) serverOf(from syncer.GameServer) *ownedServer {
	a, known := p.servers[from.Name]
	if !known {
		a = newOwnedServer()
		p.servers[from.Name] = a
	}
	if a.server != from {
		a.server, a.registered = from, false
	}
	return a
}

// poke wakes the loop.
func (p *Presence) poke() {
	select {
	case p.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Online returns a page of who is online, on a server or with "" on any, those
// first who are there the longest, as far as they were stored in that order. After
// is the number that the page before returned as next, 0 for the first page; next
// is 0 on the last.
func (p *Presence) Online(server string, after int64, size int) (page []*changefeed.SessionRow, next int64) {
	for _, row := range p.sessions.All() {
		if row.Revision <= after || server != "" && row.Server != server {
			continue
		}
		if len(page) == size {
			return page, page[size-1].Revision
		}
		page = append(page, row)
	}
	return page, 0
}

// Counts returns how many different players are online, and how many on each server
// that has any, by name.
func (p *Presence) Counts() (players int, servers []syncer.OnlineCount) {
	return changefeed.CountOnline(p.sessions.All())
}

// Contested returns for how many game servers another sidecar speaks too.
func (p *Presence) Contested() (count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.servers {
		if a.lost || a.contested {
			count++
		}
	}
	return count
}

// Of returns where a player is, and when it was last on each server, the latest
// first. The latter is nil while the database is away.
func (p *Presence) Of(
	ctx context.Context, id syncer.PlayerID,
) (now []syncer.Session, before []syncer.LastSeen, err error) {
	for _, row := range p.sessions.All() {
		if row.ID == id {
			now = append(now, row.Session)
		}
	}
	if before, err = p.store.LastSeen(ctx, id); syncer.IsAway(err) {
		return now, nil, nil
	}
	return now, before, err
}

// Servers returns all game servers by name. Error: database_unavailable.
func (p *Presence) Servers(ctx context.Context) ([]syncer.ServerOverview, error) {
	return p.store.ServerOverview(ctx)
}
