package sidecar

import (
	"context"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// Leave saves what the server sends of a player that left and acknowledges it
// once it is safe: in the database, or on disk while the database is away.
// Important fields in the save are ignored. A repeated leave changes nothing.
func (p *Players) Leave(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, save merge.Save) error {
	current, known, err := p.readForLeave(ctx, id)
	if err != nil {
		return err
	}
	if !known {
		save.USID = syncer.Optional[*string]{} // of who may be privileged
	}
	p.visitors.mu.Lock()
	edit := p.leaveEdit(from, syncer.CallerOf(ctx), current, save)
	if err := edit.Validate(); err != nil {
		p.visitors.mu.Unlock()
		return err
	}
	v := p.visitors.of(id)
	if _, on := v.stays[from.Name]; on {
		now := syncer.TimeOf(p.Now())
		edit = edit.Then(merge.Edit{
			Gamemodes: map[string]merge.GamemodeEdit{from.Gamemode: {LastJoined: now}},
			Visits:    []syncer.Visit{{Server: from.Name, First: now, Last: now}},
		})
		for _, observer := range p.observers {
			observer.Left(from, id)
		}
	}
	delete(v.stays, from.Name)
	v.add(from.Name, edit)
	if v.isSaved() {
		p.visitors.forget(id)
		p.visitors.mu.Unlock()
		return nil
	}
	saved := p.visitors.await(id)
	p.visitors.mu.Unlock()
	return wait(ctx, saved)
}

// readForLeave returns the player to compare a save with. Without the database
// and a copy it is a new player, who is not known: then only what differs from the
// defaults is known to be meant.
func (p *Players) readForLeave(ctx context.Context, id syncer.PlayerID) (_ syncer.Player, known bool, _ error) {
	player, _, err := p.held.Read(ctx, id, p.fetch)
	if err != nil && !syncer.IsAway(err) {
		return syncer.Player{}, false, err
	}
	if player == nil {
		return syncer.NewPlayer(id), err == nil, nil
	}
	return *player, true, nil
}

// leaveEdit compares the save with what its sender was shown. It is called with
// p.visitors.mu held.
func (p *Players) leaveEdit(
	from syncer.GameServer, sender string, current syncer.Player, save merge.Save,
) merge.Edit {
	if save.USID.Set && merge.KeepsUSID(p.visitors.view(from, &current), save) {
		save.USID = syncer.Optional[*string]{}
		p.keepUSID(from, &current)
	}
	if v, known := p.visitors.byID[current.ID]; known {
		if shown := v.states(from.Name, sender); len(shown) > 0 {
			return merge.DiffShown(shown, save, from).WithoutImportant()
		}
	}
	return merge.DiffUnseen(p.visitors.view(from, &current), save, from).WithoutImportant()
}
