package sidecar

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Config holds what an operator may choose.
type Config struct {
	Home          syncer.GameServer // who asks when a request does not say
	FlushInterval time.Duration     // the longest that an unimportant change waits; default 5 s
}

// Sidecar answers game servers. It is safe for concurrent use; Run must be
// running for anything but important changes to be stored.
type Sidecar struct {
	config  Config
	store   Store
	players HeldPlayers
	bans    *Bans
	applier Applier
	clock   Clock
	outbox  Outbox
	others  []Attendance
	log     *slog.Logger

	mu       sync.RWMutex
	visitors map[syncer.PlayerID]*visitor
	urgent   map[syncer.PlayerID][]chan error // leaves that wait for their edits to be safe
	wake     chan struct{}                    // a leave waits; capacity 1

	trails       *trails
	refusedUSIDs atomic.Int64
}

// Deps are the parts that a sidecar connects.
type Deps struct {
	Store       Store
	Players     HeldPlayers
	Bans        *Bans
	Applier     Applier
	Clock       Clock
	Outbox      Outbox
	ShownStates ShownStates  // nil: what servers were shown is forgotten at a restart
	Others      []Attendance // who else must hear of joins and leaves
	Log         *slog.Logger
}

// New returns a sidecar that is not running yet.
func New(config Config, deps Deps) *Sidecar {
	if config.FlushInterval <= 0 {
		config.FlushInterval = 5 * time.Second
	}
	return &Sidecar{
		config: config,
		store:  deps.Store, players: deps.Players, bans: deps.Bans, applier: deps.Applier,
		clock: deps.Clock, outbox: deps.Outbox, others: deps.Others, log: deps.Log,
		visitors: map[syncer.PlayerID]*visitor{},
		urgent:   map[syncer.PlayerID][]chan error{},
		wake:     make(chan struct{}, 1),
		trails:   newTrails(deps.Players, deps.ShownStates, deps.Log),
	}
}

// Home returns the game server that asks when a request does not say.
func (s *Sidecar) Home() syncer.GameServer { return s.config.Home }

// Now returns the time by the database's clock.
func (s *Sidecar) Now() time.Time { return s.clock.Now() }

// Staleness returns how long ago the copies in memory were last known to be
// current.
func (s *Sidecar) Staleness() time.Duration { return s.clock.Staleness() }

// Online counts the players on the servers of this sidecar, and the edits that
// are not stored yet.
func (s *Sidecar) Online() (players, unsaved int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, v := range s.visitors {
		if len(v.servers) > 0 {
			players++
		}
		if !v.unsaved().IsZero() {
			unsaved++
		}
	}
	return players, unsaved
}

// fetch reads players for the cache.
func (s *Sidecar) fetch(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
	return s.store.ReadPlayers(ctx, ids)
}
