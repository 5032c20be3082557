package sidecar

import (
	"context"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// The methods below are for protocols whose servers send whole copies of players and
// decide by themselves what a copy changes.

// Find returns a player from memory or the database, nil if there is none. Error:
// database_unavailable if it is not in memory and cannot be read.
func (p *Players) Find(ctx context.Context, id syncer.PlayerID) (*syncer.Player, error) {
	player, _, err := p.held.Read(ctx, id, p.fetch)
	return player, err
}

// FindAnew returns a player as it is in the database now, nil if there is none. While
// the database is away it returns the one in memory, and false.
func (p *Players) FindAnew(ctx context.Context, id syncer.PlayerID) (player *syncer.Player, isNew bool, err error) {
	player, err = p.held.Reread(ctx, id, p.fetch)
	if err == nil {
		return player, true, nil
	}
	if cached, ok := p.held.Get(id); ok && syncer.IsAway(err) {
		return cached, false, nil
	}
	return nil, false, err
}

// HasUnsaved reports whether edits of a player are not in the database yet.
func (p *Players) HasUnsaved(id syncer.PlayerID) bool {
	p.visitors.mu.RLock()
	defer p.visitors.mu.RUnlock()
	v, known := p.visitors.byID[id]
	return known && !v.isSaved()
}

// StoreNow applies an edit to the row in one atomic step. It creates the row of a
// newcomer. Errors: invalid, database_unavailable, outcome_unknown.
func (p *Players) StoreNow(ctx context.Context, id syncer.PlayerID, isNewcomer bool, edit merge.Edit) error {
	ids := []syncer.PlayerID{id}
	known := p.restoration(id)
	if isNewcomer {
		if err := p.store.CreatePlayers(ctx, ids); err != nil {
			return err
		}
		edit = known.Then(edit)
	}
	_, err := p.edits.apply(ctx, id, edit, nil)
	if syncer.CodeOf(err) == syncer.CodeNotFound { // deleted since it was read
		if err = p.store.CreatePlayers(ctx, ids); err == nil {
			_, err = p.edits.apply(ctx, id, known.Then(edit), nil)
		}
	}
	return err
}

// restoration returns the edit that makes the player's row whole if it is new again; it
// changes nothing of a player who had none.
func (p *Players) restoration(id syncer.PlayerID) merge.Edit {
	p.visitors.mu.RLock()
	defer p.visitors.mu.RUnlock()
	if v, known := p.visitors.byID[id]; known && v.row != nil {
		return merge.Restoration(*v.row)
	}
	if row, _ := p.held.Get(id); row != nil {
		return merge.Restoration(*row)
	}
	return merge.Edit{}
}

// Keep adds an edit to those of the player that are not stored yet and, in the same
// step, calls kept, which must not call back. Unless the edit may wait for the flush
// interval, Keep returns once it is in the database or on disk. With an edit that
// changes nothing it is [Players.Settle]. The context says through which server it comes.
func (p *Players) Keep(ctx context.Context, id syncer.PlayerID, edit merge.Edit, mayWait bool, kept func()) error {
	p.visitors.mu.Lock()
	kept()
	if edit.IsZero() {
		p.visitors.mu.Unlock()
		return p.Settle(ctx, id)
	}
	v := p.visitors.of(id)
	v.add(syncer.AttributionOf(ctx).Server, edit)
	if mayWait {
		p.visitors.mu.Unlock()
		return nil
	}
	saved := p.visitors.await(id)
	p.visitors.mu.Unlock()
	return wait(ctx, saved)
}

// Settle returns once no edit of the player is in memory only.
func (p *Players) Settle(ctx context.Context, id syncer.PlayerID) error {
	p.visitors.mu.Lock()
	v, known := p.visitors.byID[id]
	if !known || v.isSaved() {
		p.visitors.mu.Unlock()
		return nil
	}
	saved := p.visitors.await(id)
	p.visitors.mu.Unlock()
	return wait(ctx, saved)
}
