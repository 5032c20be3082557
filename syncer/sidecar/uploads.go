package sidecar

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry"
	"playersync/syncer/mindustry/shadow"
)

// readAnew is how old what is unsynced may be when a server is shown it: other
// sidecars may count in the same gamemode, and that does not travel.
const readAnew = 5 * time.Second

// Fetch returns a player as a server sees it, nil if there is none, and remembers
// that it was shown: a later [Sidecar.Upload] of that server is compared with it.
// Without the database it answers from memory; error: database_unavailable.
func (s *Sidecar) Fetch(ctx context.Context, from syncer.GameServer, id syncer.PlayerID) (*merge.View, error) {
	key := trailKey{from.Address, from.Gamemode, id}
	entry, done, err := s.trails.take(ctx, key)
	if err != nil {
		return nil, err
	}
	defer done()
	player, err := s.readShown(ctx, entry, id)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if player == nil {
		newcomer := syncer.NewPlayer(id)
		view := s.View(from, &newcomer)
		s.trails.put(key, entry, entry.states.Show(view, now))
		if s.hasUnsaved(id) {
			return &view, nil // its first save is on its way to the database
		}
		return nil, nil
	}
	view := s.View(from, player)
	s.trails.put(key, entry, entry.states.Show(view, now))
	return &view, nil
}

// readShown reads a player: from memory if it was read from the database lately.
func (s *Sidecar) readShown(ctx context.Context, entry *trail, id syncer.PlayerID) (*syncer.Player, error) {
	if time.Since(entry.read) < readAnew {
		player, _, err := s.players.Read(ctx, id, s.fetch)
		return player, err
	}
	player, err := s.players.Reread(ctx, id, s.fetch)
	if err == nil {
		entry.read = time.Now()
		return player, nil
	}
	if cached, ok := s.players.Get(id); ok && syncer.IsAway(err) {
		return cached, nil
	}
	return nil, err
}

// hasUnsaved reports whether edits of a player are not in the database yet.
func (s *Sidecar) hasUnsaved(id syncer.PlayerID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, known := s.visitors[id]
	return known && !v.unsaved().IsZero()
}

// Upload takes a whole copy as a server holds it and stores what it changed; see
// [shadow.History]. With important, changes of what is important are stored before it
// returns, and the rest within the flush interval; without, they are ignored and the
// rest is in the database or on disk when it returns. An upload that was received
// before changes nothing. Errors: invalid, database_unavailable, outcome_unknown;
// the same upload may be sent again after the last two.
func (s *Sidecar) Upload(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, save merge.Save, important bool) error {
	upload, err := s.upload(from, save, important)
	if err != nil {
		return err
	}
	key := trailKey{from.Address, from.Gamemode, id}
	entry, done, err := s.trails.take(ctx, key)
	if err != nil {
		return err
	}
	defer done()
	stored, current, err := s.readForUpload(ctx, from, id)
	if err != nil && (important || !syncer.IsAway(err)) {
		return err
	}
	outcome, next := entry.states.Receive(current, upload, time.Now())
	if err := outcome.Edit.Validate(); err != nil {
		return err
	}
	if outcome.Repeated {
		return s.settled(ctx, id)
	}
	s.noteOutcome(from, id, current, outcome)
	now, later := outcome.Edit.Split()
	if !now.IsZero() {
		if err := s.storeImportant(syncer.WithServer(ctx, from.Name), id, stored, now); err != nil {
			return err
		}
	}
	s.trails.learn(save)
	return s.keep(ctx, id, later, !now.IsZero(), func() { s.trails.put(key, entry, next) })
}

// upload returns the upload with its digest.
func (s *Sidecar) upload(from syncer.GameServer, save merge.Save, important bool) (shadow.Upload, error) {
	text, err := json.Marshal(save)
	if err != nil {
		return shadow.Upload{}, fmt.Errorf("encode upload: %w", err)
	}
	sum := sha256.Sum256(fmt.Appendf(text, " %t", important))
	return shadow.Upload{From: from, Save: save, Important: important, Digest: [16]byte(sum[:16]), Knows: s.trails.knows}, nil
}

// readForUpload returns the player as it is stored, nil if it is not, and the view
// of it with what is not stored yet.
func (s *Sidecar) readForUpload(ctx context.Context, from syncer.GameServer, id syncer.PlayerID) (*syncer.Player, *merge.View, error) {
	player, _, err := s.players.Read(ctx, id, s.fetch)
	if err != nil {
		return nil, nil, err
	}
	base := player
	if base == nil {
		base = new(syncer.NewPlayer(id))
	}
	return player, new(s.View(from, base)), nil
}

// noteOutcome reports what was not taken of an upload. No proof of identity is
// logged.
func (s *Sidecar) noteOutcome(from syncer.GameServer, id syncer.PlayerID, current *merge.View, outcome shadow.Outcome) {
	if outcome.USIDRefused && current != nil {
		s.refusedUSIDs.Add(1)
		s.log.Warn("kept the usid of a privileged player: the upload did not come from a copy that knows the rank",
			"player", id, "rank", current.Rank, "server", from.Address)
	}
	if outcome.Unsynced {
		s.log.Info("took only what cannot do harm of an upload: it did not grow from what the server was shown",
			"player", id, "server", from.Address)
	}
}

// RefusedUSIDs returns how many changes of a privileged player's proof of identity
// were refused.
func (s *Sidecar) RefusedUSIDs() int64 { return s.refusedUSIDs.Load() }

// storeImportant applies an edit to the row, which it creates for a newcomer.
func (s *Sidecar) storeImportant(ctx context.Context, id syncer.PlayerID, stored *syncer.Player, edit merge.Edit) error {
	ids := []syncer.PlayerID{id}
	if stored == nil {
		if err := s.store.CreatePlayers(ctx, ids); err != nil {
			return err
		}
	}
	begun := s.applier.Begin()
	reading, changes, err := s.store.EditPlayer(ctx, id, edit, nil)
	if syncer.CodeOf(err) == syncer.CodeNotFound { // deleted since it was read
		if err = s.store.CreatePlayers(ctx, ids); err == nil {
			reading, changes, err = s.store.EditPlayer(ctx, id, edit, nil)
		}
	}
	if err != nil {
		return err
	}
	s.applier.Wrote(begun, []changefeed.VersionedPlayer{reading}, changes)
	return nil
}

// keep makes an edit pending and, in the same step, tells that it is; unless it may
// wait, it returns once the edit is safe.
func (s *Sidecar) keep(ctx context.Context, id syncer.PlayerID, edit merge.Edit, mayWait bool, kept func()) error {
	s.mu.Lock()
	kept()
	if edit.IsZero() {
		s.mu.Unlock()
		return s.settled(ctx, id)
	}
	v := s.visitor(id)
	v.pending = v.pending.Then(edit)
	if mayWait {
		s.mu.Unlock()
		return nil
	}
	saved := s.await(id)
	s.mu.Unlock()
	return wait(ctx, saved)
}

// settled returns once no edit of the player is in memory only.
func (s *Sidecar) settled(ctx context.Context, id syncer.PlayerID) error {
	s.mu.Lock()
	v, known := s.visitors[id]
	if !known || v.pending.IsZero() && len(v.saving) == 0 {
		s.mu.Unlock()
		return nil
	}
	saved := s.await(id)
	s.mu.Unlock()
	return wait(ctx, saved)
}

// RejectUSID records that a server turned a player away for a proof of identity
// other than the stored one. An administrator may approve the code.
func (s *Sidecar) RejectUSID(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, usid, code string) error {
	rejection := mindustry.USIDRejection{Code: code, ID: id, Address: from.Address, USID: usid}
	if err := rejection.Validate(); err != nil {
		return err
	}
	return s.store.AddUSIDRejection(ctx, rejection)
}
