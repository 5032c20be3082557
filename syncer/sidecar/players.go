package sidecar

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
)

// Config holds what an operator may choose.
type Config struct {
	Home          syncer.GameServer   // who asks when a request does not say
	Others        []syncer.GameServer // further servers that are known by their names
	FlushInterval time.Duration       // the longest that an unimportant change waits; default 5 s
}

// Players answers what game servers ask and say of players. It is safe for concurrent
// use; the [Saver] must be running for anything but important changes to be stored.
type Players struct {
	Clock

	home      syncer.GameServer
	store     PlayerStore
	held      HeldPlayers
	bans      BanChecker
	edits     *Edits
	saver     *Saver
	visitors  *visitors // the saver's
	observers []VisitObserver
	log       *slog.Logger

	reads     batcher[syncer.PlayerID, changefeed.VersionedPlayer]
	creations batcher[syncer.PlayerID, struct{}]

	refusedUSIDs atomic.Int64
}

// PlayerStore is what players need of the database.
type PlayerStore interface {
	ReadPlayers(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error)
	CreatePlayers(ctx context.Context, ids []syncer.PlayerID) error
	SearchPlayers(ctx context.Context, name string, size int, after string) ([]syncer.PlayerSummary, string, error)
	// HistoryBefore returns the newest entries that come before one, oldest first.
	HistoryBefore(
		ctx context.Context, id syncer.PlayerID, before syncer.HistoryEntry, most int,
	) ([]syncer.HistoryEntry, error)
}

// HeldPlayers is the copy of player rows in memory.
type HeldPlayers interface {
	Get(id syncer.PlayerID) (*syncer.Player, bool)
	Read(ctx context.Context, id syncer.PlayerID, fetch Fetch) (player *syncer.Player, fromMemory bool, err error)
	Reread(ctx context.Context, id syncer.PlayerID, fetch Fetch) (*syncer.Player, error)
	Hold(id syncer.PlayerID)
	Release(id syncer.PlayerID)
}

// BanChecker tells which bans keep a player out; [*Bans] is one.
type BanChecker interface {
	CheckBans(ctx context.Context, id syncer.PlayerID, address netip.Addr) ([]syncer.Ban, error)
}

// VisitObserver is notified of players that come to a game server and leave it. Its
// methods must return at once and not call [Players].
type VisitObserver interface {
	// Joined says that a player was let in. It may be said again while the player
	// is still there, for example because the game crashed.
	Joined(from syncer.GameServer, id syncer.PlayerID, request JoinRequest)
	// Left says that a player who had joined left.
	Left(from syncer.GameServer, id syncer.PlayerID)
}

// PlayerDeps are the parts that [Players] connect.
type PlayerDeps struct {
	Store     PlayerStore
	Held      HeldPlayers
	Bans      BanChecker
	Edits     *Edits
	Clock     Clock
	Saver     *Saver
	Observers []VisitObserver // notified of joins and leaves
	Log       *slog.Logger
}

// NewPlayers returns the players in the store. Home is who asks when a request does
// not say.
func NewPlayers(home syncer.GameServer, deps PlayerDeps) *Players {
	p := &Players{
		Clock: deps.Clock, home: home, store: deps.Store, held: deps.Held, bans: deps.Bans, edits: deps.Edits,
		saver: deps.Saver, visitors: deps.Saver.visitors, observers: deps.Observers, log: deps.Log,
	}
	unavailable := func(cause error) error {
		return syncer.Unavailable(fmt.Errorf("wait for player: %w", cause))
	}
	p.reads.most, p.reads.together, p.reads.lost = maxBatch, p.readTogether, unavailable
	p.reads.repeats, p.creations.repeats = true, true
	p.creations.most, p.creations.together, p.creations.lost = maxBatch, p.createTogether, unavailable
	return p
}

// readTogether reads several players for those who wait.
func (p *Players) readTogether(
	ctx context.Context, ids []syncer.PlayerID, answer func(i int, r changefeed.VersionedPlayer, err error),
) error {
	readings, err := p.store.ReadPlayers(ctx, unique(ids))
	if err != nil {
		return err
	}
	byID := make(map[syncer.PlayerID]changefeed.VersionedPlayer, len(readings))
	for _, r := range readings {
		byID[r.ID] = r
	}
	for i, id := range ids {
		answer(i, byID[id], nil)
	}
	return nil
}

// createTogether makes several players for those who wait.
func (p *Players) createTogether(
	ctx context.Context, ids []syncer.PlayerID, answer func(i int, _ struct{}, err error),
) error {
	if err := p.store.CreatePlayers(ctx, unique(ids)); err != nil {
		return err
	}
	for i := range ids {
		answer(i, struct{}{}, nil)
	}
	return nil
}

// fetch is the [Fetch] of one player.
func (p *Players) fetch(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
	if len(ids) != 1 {
		return p.store.ReadPlayers(ctx, ids)
	}
	reading, err := p.reads.one(ctx, ids[0])
	return []changefeed.VersionedPlayer{reading}, err
}

// Online counts the players on the servers of this sidecar, and the edits that
// are not stored yet.
func (p *Players) Online() (players, unsaved int) { return p.visitors.count() }

// RefusedUSIDs returns how often the stored proof of identity of a privileged player was kept
// in place of the one that came.
func (p *Players) RefusedUSIDs() int64 { return p.refusedUSIDs.Load() }

// keepUSID notes that a proof of identity was not taken. It is not logged itself.
func (p *Players) keepUSID(from syncer.GameServer, player *syncer.Player) {
	p.refusedUSIDs.Add(1)
	p.log.Warn("kept the usid of a privileged player: another one came without the rank",
		"player", player.ID, "rank", player.Rank, "server", from.Name)
}

// Player returns a player as a server sees it. Holds reports whether the server has the
// record of a revision and so is not shown it again; nil: it has none. Errors: not_found,
// and database_unavailable if it is not in memory and cannot be read.
func (p *Players) Player(
	ctx context.Context, from syncer.GameServer, id syncer.PlayerID, holds func(revision int64) bool,
) (merge.View, Source, error) {
	player, source, err := p.read(ctx, id)
	if err != nil {
		return merge.View{}, "", err
	}
	if holds != nil && holds(player.Revision) {
		return p.View(from, player), source, nil
	}
	view, known := p.show(from, syncer.CallerOf(ctx), player)
	if !known {
		return merge.ViewOf(*player, from), source, nil
	}
	return view, source, nil
}

// show returns the view and remembers that the caller was shown it. False means
// that there is nothing to remember or to lay over the player.
func (p *Players) show(from syncer.GameServer, caller string, player *syncer.Player) (merge.View, bool) {
	p.visitors.mu.RLock()
	_, known := p.visitors.byID[player.ID]
	p.visitors.mu.RUnlock()
	if !known {
		return merge.View{}, false
	}
	p.visitors.mu.Lock()
	defer p.visitors.mu.Unlock()
	view := p.visitors.view(from, player)
	if v, known := p.visitors.byID[player.ID]; known {
		v.show(from.Name, caller, view)
	}
	return view, true
}

// read returns a player from memory or the database, or not_found.
func (p *Players) read(ctx context.Context, id syncer.PlayerID) (*syncer.Player, Source, error) {
	player, fromMemory, err := p.held.Read(ctx, id, p.fetch)
	if err != nil {
		return nil, "", err
	}
	if player == nil {
		return nil, "", syncer.NotFound("no player %q", id)
	}
	return player, sourceOf(fromMemory), nil
}

// Record returns a player with what each gamemode and each server's address has of him, as it
// is stored. It is shared. Errors: not_found, database_unavailable.
func (p *Players) Record(ctx context.Context, id syncer.PlayerID) (*syncer.Player, Source, error) {
	return p.read(ctx, id)
}

func sourceOf(fromMemory bool) Source {
	if fromMemory {
		return FromMemory
	}
	return FromDatabase
}

// History returns a page of the moderation actions on a player, oldest first: the newest ones,
// or those before the page that returned a position. The position returned is "" where none
// are older. Errors: not_found, invalid, database_unavailable.
func (p *Players) History(
	ctx context.Context, id syncer.PlayerID, page Page,
) (entries []syncer.HistoryEntry, next string, source Source, err error) {
	player, source, err := p.read(ctx, id)
	if err != nil {
		return nil, "", "", err
	}
	if page.After != "" {
		before, err := parseHistoryPosition(page.After)
		if err != nil {
			return nil, "", "", err
		}
		entries, err = p.store.HistoryBefore(ctx, id, before, page.Size+1)
		if err != nil {
			return nil, "", "", err
		}
		source = FromDatabase
	} else {
		entries = p.View(p.home, player).History
	}
	mayBeMore := len(entries) > page.Size || page.After == "" && len(entries) >= syncer.HistoryShown
	entries = entries[max(0, len(entries)-page.Size):]
	if mayBeMore {
		next = historyPosition(entries[0])
	}
	return entries, next, source, nil
}

// historyPosition is the position of a page whose oldest entry is given.
func historyPosition(oldest syncer.HistoryEntry) string {
	text, err := json.Marshal(oldest)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseHistoryPosition(text string) (oldest syncer.HistoryEntry, err error) {
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(decoded, &oldest)
	}
	if err != nil || oldest.Time.IsZero() {
		return oldest, syncer.Invalid("after", "is not a position that a page returned as next")
	}
	return oldest, nil
}

// Search finds players whose name contains the text; those whose name begins
// with it come first.
func (p *Players) Search(ctx context.Context, name string, page Page) ([]syncer.PlayerSummary, string, error) {
	return p.store.SearchPlayers(ctx, name, page.Size, page.After)
}

// count adds a visit, which begins and ends now, to the edits of a player that are not
// stored yet. Errors: not_found; without the database, and the player not in memory,
// the visit is added nevertheless.
func (p *Players) count(ctx context.Context, id syncer.PlayerID, visit syncer.Visit) error {
	if _, err := p.readForPatch(ctx, id); err != nil && !syncer.IsAway(err) {
		return err
	}
	visit.First = syncer.TimeOf(p.Now())
	visit.Last = visit.First
	p.visitors.mu.Lock()
	defer p.visitors.mu.Unlock()
	v := p.visitors.of(id)
	v.add(visit.Server, merge.Edit{Visits: []syncer.Visit{visit}})
	return nil
}

// storeVisits returns once no visit of the player is in memory only.
func (p *Players) storeVisits(ctx context.Context, id syncer.PlayerID) error {
	p.visitors.mu.Lock()
	v, known := p.visitors.byID[id]
	if !known || len(v.unsaved().Visits) == 0 {
		p.visitors.mu.Unlock()
		return nil
	}
	saved := p.visitors.await(id)
	p.visitors.mu.Unlock()
	if err := wait(ctx, saved); err != nil {
		return syncer.Unavailable(err) // what is asked for is only read
	}
	return nil
}

// Restarted takes all players off a game server that starts: it cannot say that
// they left. What is not stored yet of them still will be.
func (p *Players) Restarted(from syncer.GameServer) {
	p.visitors.mu.Lock()
	defer p.visitors.mu.Unlock()
	for id, v := range p.visitors.byID {
		if _, on := v.stays[from.Name]; on {
			delete(v.stays, from.Name)
			p.visitors.forget(id)
		}
	}
}

// Met returns, in order, the players on a server whom a ban of the target keeps out:
// those who joined through this sidecar since it started.
func (p *Players) Met(from syncer.GameServer, target syncer.Target) []syncer.PlayerID {
	p.visitors.mu.RLock()
	defer p.visitors.mu.RUnlock()
	met := []syncer.PlayerID{}
	for id, v := range p.visitors.byID {
		if v.meets(id, from.Name, target) {
			met = append(met, id)
		}
	}
	slices.Sort(met)
	return met
}

// View returns the player as a server sees it, with the edits laid over that are
// not stored yet.
func (p *Players) View(from syncer.GameServer, player *syncer.Player) merge.View {
	p.visitors.mu.RLock()
	defer p.visitors.mu.RUnlock()
	return p.visitors.view(from, player)
}
