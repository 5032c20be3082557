package sidecar

import (
	"context"
	"fmt"
	"slices"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// Patch changes single fields. What is important is stored before it returns, in
// one atomic step on the current row; the rest is in memory when it returns and
// stored within the flush interval. With ifMatch, everything but counters is
// stored at once, provided that the row still has that revision. Errors: invalid,
// not_found, stale, database_unavailable, outcome_unknown; after any of them
// nothing of the patch is kept.
func (p *Players) Patch(
	ctx context.Context, from syncer.GameServer, id syncer.PlayerID, patch Patch, ifMatch *int64,
) (merge.View, error) {
	player, err := p.readForPatch(ctx, id)
	if err != nil {
		return merge.View{}, err
	}
	caller := syncer.CallerOf(ctx)
	edit, err := p.patchEdit(from, caller, player, patch)
	if err != nil {
		return merge.View{}, err
	}
	if err := edit.Validate(); err != nil {
		return merge.View{}, err
	}
	now, later := edit.Split()
	if ifMatch != nil {
		now, later = edit, merge.Edit{Gamemodes: edit.Gamemodes}
		now.Gamemodes = nil
		if err := p.settle(ctx, id, now); err != nil {
			return merge.View{}, err
		}
	}
	if ifMatch != nil || !now.IsZero() {
		if player, err = p.edits.apply(syncer.WithServer(ctx, from.Name), id, now, ifMatch); err != nil {
			return merge.View{}, err
		}
		if cached, ok := p.held.Get(id); ok && cached != nil && cached.Revision >= player.Revision {
			player = cached
		}
	}
	p.visitors.mu.Lock()
	defer p.visitors.mu.Unlock()
	v := p.visitors.of(id)
	v.row = player
	defer p.visitors.forget(id)
	v.pending = v.pending.Without(now)
	v.add(from.Name, later)
	view := p.visitors.view(from, player)
	if stay, on := v.stays[from.Name]; on {
		stay.count(caller, patch.Save.Stats)
		stay.show(caller, view)
	}
	return view, nil
}

// readForPatch reads a player as [Players.read] does, but asks the database whether one is
// missing: he may have joined elsewhere this very moment, and a refused change is lost.
func (p *Players) readForPatch(ctx context.Context, id syncer.PlayerID) (*syncer.Player, error) {
	player, _, err := p.read(ctx, id)
	if syncer.CodeOf(err) != syncer.CodeNotFound {
		return player, err
	}
	if player, err = p.held.Reread(ctx, id, p.fetch); err == nil && player == nil {
		return nil, syncer.NotFound("no player %q", id)
	}
	return player, err
}

// patchEdit turns a patch into differences to the player as it is now. Error: invalid.
func (p *Players) patchEdit(
	from syncer.GameServer, caller string, player *syncer.Player, patch Patch,
) (merge.Edit, error) {
	p.visitors.mu.RLock()
	defer p.visitors.mu.RUnlock()
	current := p.visitors.view(from, player)
	if merge.KeepsUSID(current, patch.Save) {
		return merge.Edit{}, syncer.Invalid("usid",
			"is that of a privileged player: to replace it, name the rank %q beside it", current.Rank)
	}
	shown := current
	if v, known := p.visitors.byID[player.ID]; known {
		if states := v.states(from.Name, caller); len(states) > 0 {
			shown = states[merge.CountedFrom(states, patch.Save)]
		}
	}
	edit := merge.Set(current, shown, patch.Save, from)
	if len(patch.AddFlags)+len(patch.RemoveFlags) > 0 {
		edit.Flags = merge.SetEdit{
			Add: syncer.NormalizeSet(patch.AddFlags), Remove: syncer.NormalizeSet(patch.RemoveFlags),
		}
	}
	if patch.AttributesPatch != nil {
		edit.Attributes = append(edit.Attributes, patch.AttributesPatch)
	}
	return edit, nil
}

// settle waits until no older value of a field that the edit sets is on its way
// to the database.
func (p *Players) settle(ctx context.Context, id syncer.PlayerID, edit merge.Edit) error {
	p.visitors.mu.Lock()
	v, known := p.visitors.byID[id]
	conflict := known && slices.ContainsFunc(v.saving, func(sent sending) bool { return sent.edit.Overlaps(edit) })
	if !conflict {
		p.visitors.mu.Unlock()
		return nil
	}
	saved := p.visitors.await(id)
	p.visitors.mu.Unlock()
	if err := wait(ctx, saved); err != nil {
		return syncer.Unavailable(err)
	}
	if p.saver.hasWaiting() {
		return syncer.Unavailable(fmt.Errorf("an older value of player %q waits in the outbox", id))
	}
	return nil
}
