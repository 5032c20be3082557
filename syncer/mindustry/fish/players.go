package fish

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry/shadow"
)

// Players answers servers that fetch and upload whole copies of players. It is safe for
// concurrent use; Run must be running for what servers were shown to survive a restart.
type Players struct {
	players      KnownPlayers
	histories    *histories
	log          *slog.Logger
	refusedUSIDs atomic.Int64
}

// KnownPlayers reads and changes players; *sidecar.Players is one.
type KnownPlayers interface {
	Find(ctx context.Context, id syncer.PlayerID) (*syncer.Player, error)
	FindAnew(ctx context.Context, id syncer.PlayerID) (player *syncer.Player, isNew bool, err error)
	View(from syncer.GameServer, player *syncer.Player) merge.View
	HasUnsaved(id syncer.PlayerID) bool
	StoreNow(ctx context.Context, id syncer.PlayerID, isNewcomer bool, edit merge.Edit) error
	Keep(ctx context.Context, id syncer.PlayerID, edit merge.Edit, mayWait bool, kept func()) error
	Settle(ctx context.Context, id syncer.PlayerID) error
}

// NewPlayers returns players of whom it is known what was shown before the restart, as
// far as that is on disk. Without a disk nothing is kept over a restart.
func NewPlayers(players KnownPlayers, held Holder, disk ShownStates, log *slog.Logger) *Players {
	return &Players{players: players, histories: newHistories(held, disk, log), log: log}
}

// Run writes down what servers were shown, and forgets it when it is old, until ctx
// ends. It should end after the last edit of [KnownPlayers] is safe: only then is what
// is on disk known to be complete.
func (p *Players) Run(ctx context.Context) error { return p.histories.run(ctx) }

// readAnew is how old what is unsynced may be when a server is shown it: other
// sidecars may count in the same gamemode, and that does not travel.
const readAnew = 5 * time.Second

// Fetch returns a player as a server sees it, nil if there is none, and remembers
// that it was shown: a later [Players.Upload] of that server is compared with it.
// Without the database it answers from memory; error: database_unavailable.
func (p *Players) Fetch(ctx context.Context, from syncer.GameServer, id syncer.PlayerID) (*merge.View, error) {
	key := historyKey{from.Address, from.Gamemode, id}
	entry, done, err := p.histories.take(ctx, key)
	if err != nil {
		return nil, err
	}
	defer done()
	player, err := p.readShown(ctx, entry, id)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if player == nil {
		newcomer := syncer.NewPlayer(id)
		view := p.players.View(from, &newcomer)
		p.histories.put(key, entry, entry.states.Show(view, now))
		if p.players.HasUnsaved(id) {
			return &view, nil // its first save is on its way to the database
		}
		return nil, nil
	}
	view := p.players.View(from, player)
	p.histories.put(key, entry, entry.states.Show(view, now))
	return &view, nil
}

// readShown reads a player: from memory if it was read from the database lately.
func (p *Players) readShown(ctx context.Context, entry *history, id syncer.PlayerID) (*syncer.Player, error) {
	if time.Since(entry.read) < readAnew {
		return p.players.Find(ctx, id)
	}
	player, isNew, err := p.players.FindAnew(ctx, id)
	if isNew {
		entry.read = time.Now()
	}
	return player, err
}

// Upload takes a whole copy as a server holds it and stores what it changed; see
// [shadow.History]. With important, changes of what is important are stored before it
// returns, and the rest within the flush interval; without, they are ignored and the
// rest is in the database or on disk when it returns. An upload that was received
// before changes nothing. Errors: invalid, database_unavailable, outcome_unknown;
// the same upload may be sent again after the last two.
//
// Without an error the caller must call answered, and say whether it could write its
// answer: until then the server's other requests for the player wait.
func (p *Players) Upload(
	ctx context.Context, from syncer.GameServer, id syncer.PlayerID, save merge.Save, important bool,
) (answered func(written bool), err error) {
	upload, err := p.upload(from, save, important)
	if err != nil {
		return nil, err
	}
	key := historyKey{from.Address, from.Gamemode, id}
	entry, done, err := p.histories.take(ctx, key)
	if err != nil {
		return nil, err
	}
	received, err := p.receive(ctx, key, entry, upload)
	answered = func(written bool) {
		if received && !written {
			p.histories.put(key, entry, entry.states.Unanswered(upload.Digest))
		}
		done()
	}
	if err != nil {
		answered(false)
		return nil, err
	}
	return answered, nil
}

// receive stores what an upload changed. It reports whether the history, which the caller
// has taken, knows the upload from now on.
func (p *Players) receive(
	ctx context.Context, key historyKey, entry *history, upload shadow.Upload,
) (received bool, err error) {
	stored, current, err := p.readForUpload(ctx, upload.From, key.id)
	if err != nil && (upload.Important || !syncer.IsAway(err)) {
		return false, err
	}
	outcome, next := entry.states.Receive(current, upload, time.Now())
	if err := outcome.Edit.Validate(); err != nil {
		return false, err
	}
	if outcome.Repeated {
		p.histories.put(key, entry, next)
		return true, p.players.Settle(ctx, key.id)
	}
	p.noteOutcome(upload.From, key.id, current, outcome)
	if err == nil && stored == nil && !outcome.Unsynced {
		outcome.Edit = withWholeCopy(outcome, *current, upload)
	}
	now, later := outcome.Edit.Split()
	ctx = syncer.WithServer(ctx, upload.From.Name)
	if !now.IsZero() {
		if err := p.players.StoreNow(ctx, key.id, stored == nil, now); err != nil {
			return false, err
		}
	}
	p.histories.learn(upload.Save)
	return true, p.players.Keep(ctx, key.id, later, !now.IsZero(), func() { p.histories.put(key, entry, next) })
}

// withWholeCopy returns what an upload changed together with everything else that its copy
// says and that is not important. Current is the player without a row: who is new, or
// whose row is gone.
func withWholeCopy(outcome shadow.Outcome, current merge.View, upload shadow.Upload) merge.Edit {
	whole := merge.DiffUnseen(current, upload.Save, upload.From).WithoutImportant()
	if outcome.USIDRefused {
		whole.Addresses = nil
	}
	return outcome.Edit.Then(whole)
}

// upload returns what was uploaded, with its digest.
func (p *Players) upload(from syncer.GameServer, save merge.Save, important bool) (shadow.Upload, error) {
	text, err := json.Marshal(save)
	if err != nil {
		return shadow.Upload{}, fmt.Errorf("encode upload: %w", err)
	}
	sum := sha256.Sum256(fmt.Appendf(text, " %t", important))
	return shadow.Upload{
		From: from, Save: save, Important: important, Digest: [16]byte(sum[:16]), Knows: p.histories.knows,
	}, nil
}

// readForUpload returns the player as it is stored, nil if it is not, and the view
// of it with what is not stored yet.
func (p *Players) readForUpload(
	ctx context.Context, from syncer.GameServer, id syncer.PlayerID,
) (*syncer.Player, *merge.View, error) {
	player, err := p.players.Find(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	base := player
	if base == nil {
		base = new(syncer.NewPlayer(id))
	}
	return player, new(p.players.View(from, base)), nil
}

// noteOutcome reports what was not taken of an upload. No proof of identity is
// logged.
func (p *Players) noteOutcome(from syncer.GameServer, id syncer.PlayerID, current *merge.View, outcome shadow.Outcome) {
	if outcome.USIDRefused && current != nil {
		p.refusedUSIDs.Add(1)
		p.log.Warn("kept the usid of a privileged player: the upload did not come from a copy that knows the rank",
			"player", id, "rank", current.Rank, "server", from.Address)
	}
	if outcome.Unsynced {
		p.log.Info("took only what cannot do harm of an upload: it did not grow from what the server was shown",
			"player", id, "server", from.Address)
	}
}

// RefusedUSIDs returns how many changes of a privileged player's proof of identity
// were refused.
func (p *Players) RefusedUSIDs() int64 { return p.refusedUSIDs.Load() }
