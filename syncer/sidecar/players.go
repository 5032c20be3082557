package sidecar

import (
	"context"
	"fmt"
	"slices"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
)

// Join tells whether a player may enter and what is known of it. A banned player
// is not created, held or counted. While the database is away, the ban verdict
// still comes from memory, and so does the player if it is cached; else Player
// is nil and the join is remembered all the same.
func (s *Sidecar) Join(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, request JoinRequest) (JoinResult, error) {
	edit := s.joinEdit(from, request)
	if err := edit.Validate(); err != nil {
		return JoinResult{}, err
	}
	banned, err := s.bans.CheckBans(ctx, id, request.IP)
	if err != nil {
		return JoinResult{}, err
	}
	if len(banned) > 0 {
		return s.rejected(ctx, from, id, banned[0])
	}

	s.arrive(from, id)
	player, source, err := s.readForJoin(ctx, id)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.visitor(id).servers, from.Name)
		s.forget(id)
		return JoinResult{}, err
	}
	for _, other := range s.others {
		other.Joined(from, id, request)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.visitor(id)
	if player == nil {
		v.pending = v.pending.Then(edit)
		return JoinResult{Source: source}, nil
	}
	before := s.view(from, player)
	if edit.Name.Value == before.Name {
		edit.Name = syncer.Optional[string]{}
	}
	if usid := request.USID; usid != nil && before.USID != nil && *usid == *before.USID {
		edit.Addresses = nil
	}
	v.pending = v.pending.Then(edit)
	view := s.view(from, player)
	v.show(from.Name, view)
	return JoinResult{Player: &view, Source: source}, nil
}

// joinEdit is what a join changes of a player.
func (s *Sidecar) joinEdit(from syncer.GameServer, request JoinRequest) merge.Edit {
	now := syncer.TimeOf(s.clock.Now())
	edit := merge.Edit{
		Scalars:   merge.Scalars{Name: syncer.Some(request.Name)},
		Gamemodes: map[string]merge.GamemodeEdit{from.Gamemode: {FirstJoined: now, LastJoined: now}},
	}
	edit.Visits = []syncer.Visit{{
		Server: from.Name, Name: request.Name, IP: request.IP.Unmap().WithZone(""), Joins: 1, First: now, Last: now,
	}}
	if request.USID != nil {
		edit.Addresses = map[string]merge.AddressEdit{from.Address: {USID: request.USID}}
	}
	return edit
}

// arrive puts the player on the server with nothing shown to it yet.
func (s *Sidecar) arrive(from syncer.GameServer, id syncer.PlayerID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.visitor(id).servers[from.Name] = nil
}

// readForJoin reads the row anew, since what is unsynced does not travel, and
// creates it for a newcomer. Without the database it falls back to memory.
func (s *Sidecar) readForJoin(ctx context.Context, id syncer.PlayerID) (*syncer.Player, Source, error) {
	player, err := s.players.Reread(ctx, id, s.fetch)
	if err == nil && player == nil {
		if err = s.store.CreatePlayers(ctx, []syncer.PlayerID{id}); err == nil {
			player, err = s.players.Reread(ctx, id, s.fetch)
		}
	}
	switch {
	case err == nil && player != nil:
		return player, FromDatabase, nil
	case err == nil || syncer.IsAway(err): // deleted within the moment, or away
		cached, _ := s.players.Get(id)
		return cached, FromMemory, nil
	default:
		return nil, "", err
	}
}

// rejected answers the join of a banned player.
func (s *Sidecar) rejected(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, ban syncer.Ban) (JoinResult, error) {
	player, fromMemory, err := s.players.Read(ctx, id, s.fetch)
	if err != nil && !syncer.IsAway(err) {
		return JoinResult{}, err
	}
	result := JoinResult{Ban: &ban, Source: sourceOf(fromMemory || err != nil)}
	if player != nil {
		result.Player = new(s.View(from, player))
	}
	return result, nil
}

func sourceOf(fromMemory bool) Source {
	if fromMemory {
		return FromMemory
	}
	return FromDatabase
}

// Player returns a player as a server sees it. Errors: not_found, and
// database_unavailable if it is not in memory and cannot be read.
func (s *Sidecar) Player(ctx context.Context, from syncer.GameServer, id syncer.PlayerID) (merge.View, Source, error) {
	player, source, err := s.read(ctx, id)
	if err != nil {
		return merge.View{}, "", err
	}
	view, known := s.show(from, player)
	if !known {
		return merge.ViewOf(*player, from), source, nil
	}
	return view, source, nil
}

// show returns the view and remembers that the server was shown it. False means
// that there is nothing to remember or to lay over the player.
func (s *Sidecar) show(from syncer.GameServer, player *syncer.Player) (merge.View, bool) {
	s.mu.RLock()
	_, known := s.visitors[player.ID]
	s.mu.RUnlock()
	if !known {
		return merge.View{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	view := s.view(from, player)
	if v, known := s.visitors[player.ID]; known {
		v.show(from.Name, view)
	}
	return view, true
}

// read returns a player from memory or the database, or not_found.
func (s *Sidecar) read(ctx context.Context, id syncer.PlayerID) (*syncer.Player, Source, error) {
	player, fromMemory, err := s.players.Read(ctx, id, s.fetch)
	if err != nil {
		return nil, "", err
	}
	if player == nil {
		return nil, "", syncer.NotFound("no player %q", id)
	}
	return player, sourceOf(fromMemory), nil
}

// History returns the moderation actions on a player, oldest first.
func (s *Sidecar) History(ctx context.Context, id syncer.PlayerID) ([]syncer.HistoryEntry, Source, error) {
	player, source, err := s.read(ctx, id)
	if err != nil {
		return nil, "", err
	}
	return s.View(s.config.Home, player).History, source, nil
}

// Search finds players whose name contains the text; those whose name begins
// with it come first.
func (s *Sidecar) Search(ctx context.Context, name string, page Page) ([]syncer.PlayerSummary, string, error) {
	return s.store.SearchPlayers(ctx, name, page.Size, page.After)
}

// Patch changes single fields. What is important is stored before it returns, in
// one atomic step on the current row; the rest is in memory when it returns and
// stored within the flush interval. With ifMatch, everything but counters is
// stored at once, provided that the row still has that revision. Errors: invalid,
// not_found, stale, database_unavailable, outcome_unknown; after any of them
// nothing of the patch is kept.
func (s *Sidecar) Patch(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, patch Patch, ifMatch *int64) (merge.View, error) {
	player, err := s.readForPatch(ctx, id)
	if err != nil {
		return merge.View{}, err
	}
	edit := s.patchEdit(from, player, patch)
	if err := edit.Validate(); err != nil {
		return merge.View{}, err
	}
	now, later := edit.Split()
	if ifMatch != nil {
		now, later = edit, merge.Edit{Gamemodes: edit.Gamemodes}
		now.Gamemodes = nil
		if err := s.settle(ctx, id, now); err != nil {
			return merge.View{}, err
		}
	}
	if ifMatch != nil || !now.IsZero() {
		begun := s.applier.Begin()
		reading, changes, err := s.store.EditPlayer(syncer.WithServer(ctx, from.Name), id, now, ifMatch)
		if err != nil {
			return merge.View{}, err
		}
		s.applier.Wrote(begun, []changefeed.VersionedPlayer{reading}, changes)
		if cached, ok := s.players.Get(id); ok && cached != nil && cached.Revision >= reading.Player.Revision {
			player = cached
		} else {
			player = reading.Player
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.visitor(id)
	defer s.forget(id)
	v.pending = v.pending.Without(now).Then(later)
	view := s.view(from, player)
	v.show(from.Name, view)
	return view, nil
}

// readForPatch is read, but that a player is missing is not taken from memory: it
// may have joined elsewhere this very moment, and a refused change is lost.
func (s *Sidecar) readForPatch(ctx context.Context, id syncer.PlayerID) (*syncer.Player, error) {
	player, _, err := s.read(ctx, id)
	if syncer.CodeOf(err) != syncer.CodeNotFound {
		return player, err
	}
	if player, err = s.players.Reread(ctx, id, s.fetch); err == nil && player == nil {
		return nil, syncer.NotFound("no player %q", id)
	}
	return player, err
}

// patchEdit turns a patch into differences to the player as it is now.
func (s *Sidecar) patchEdit(from syncer.GameServer, player *syncer.Player, patch Patch) merge.Edit {
	s.mu.RLock()
	defer s.mu.RUnlock()
	current := s.view(from, player)
	shown := current
	if v, known := s.visitors[player.ID]; known {
		if states := v.servers[from.Name]; len(states) > 0 {
			shown = states[len(states)-1]
		}
	}
	edit := merge.Set(current, shown, patch.Save, from)
	if len(patch.AddFlags)+len(patch.RemoveFlags) > 0 {
		edit.Flags = merge.SetEdit{Add: syncer.NormalizeSet(patch.AddFlags), Remove: syncer.NormalizeSet(patch.RemoveFlags)}
	}
	if patch.AttributesPatch != nil {
		edit.Attributes = append(edit.Attributes, patch.AttributesPatch)
	}
	return edit
}

// settle waits until no older value of a field that the edit sets is on its way
// to the database.
func (s *Sidecar) settle(ctx context.Context, id syncer.PlayerID, edit merge.Edit) error {
	s.mu.Lock()
	v, known := s.visitors[id]
	conflict := known && slices.ContainsFunc(v.saving, func(sent sending) bool { return sent.edit.Overlaps(edit) })
	if !conflict {
		s.mu.Unlock()
		return nil
	}
	saved := s.await(id)
	s.mu.Unlock()
	if err := wait(ctx, saved); err != nil {
		return err
	}
	if s.outbox.Len() > 0 {
		return syncer.Unavailable(fmt.Errorf("an older value of player %q waits in the outbox", id))
	}
	return nil
}

// Leave saves what the server sends of a player that left and acknowledges it
// once it is safe: in the database, or on disk while the database is away.
// Important fields in the save are ignored. A repeated leave changes nothing.
func (s *Sidecar) Leave(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, save merge.Save) error {
	current, err := s.readForLeave(ctx, id)
	if err != nil {
		return err
	}
	s.mu.Lock()
	edit := s.leaveEdit(from, current, save)
	if err := edit.Validate(); err != nil {
		s.mu.Unlock()
		return err
	}
	v := s.visitor(id)
	if _, on := v.servers[from.Name]; on {
		now := syncer.TimeOf(s.clock.Now())
		edit = edit.Then(merge.Edit{
			Gamemodes: map[string]merge.GamemodeEdit{from.Gamemode: {LastJoined: now}},
			Visits:    []syncer.Visit{{Server: from.Name, First: now, Last: now}},
		})
		for _, other := range s.others {
			other.Left(from, id)
		}
	}
	delete(v.servers, from.Name)
	v.pending = v.pending.Then(edit)
	if v.pending.IsZero() && len(v.saving) == 0 {
		s.forget(id)
		s.mu.Unlock()
		return nil
	}
	saved := s.await(id)
	s.mu.Unlock()
	return wait(ctx, saved)
}

// readForLeave returns the player to compare a save with. Without the database
// and a copy it is a new player: then only what differs from the defaults is
// known to be meant.
func (s *Sidecar) readForLeave(ctx context.Context, id syncer.PlayerID) (syncer.Player, error) {
	player, _, err := s.players.Read(ctx, id, s.fetch)
	if err != nil && !syncer.IsAway(err) {
		return syncer.Player{}, err
	}
	if player == nil {
		return syncer.NewPlayer(id), nil
	}
	return *player, nil
}

// leaveEdit compares the save with what the server was shown. The caller holds s.mu.
func (s *Sidecar) leaveEdit(from syncer.GameServer, current syncer.Player, save merge.Save) merge.Edit {
	if v, known := s.visitors[current.ID]; known {
		shown := v.servers[from.Name]
		if nearest := merge.Nearest(shown, save, from); nearest >= 0 {
			return merge.Diff(shown[nearest], save, from).WithoutImportant()
		}
	}
	return merge.DiffUnseen(s.view(from, &current), save, from).WithoutImportant()
}

// count adds a visit, which begins and ends now, to the edits of a player that are not
// stored yet. Errors: not_found; without the database, and the player not in memory,
// the visit is added all the same.
func (s *Sidecar) count(ctx context.Context, id syncer.PlayerID, visit syncer.Visit) error {
	if _, err := s.readForPatch(ctx, id); err != nil && !syncer.IsAway(err) {
		return err
	}
	visit.First = syncer.TimeOf(s.clock.Now())
	visit.Last = visit.First
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.visitor(id)
	v.pending = v.pending.Then(merge.Edit{Visits: []syncer.Visit{visit}})
	return nil
}

// storeVisits returns once no visit of the player is in memory only.
func (s *Sidecar) storeVisits(ctx context.Context, id syncer.PlayerID) error {
	s.mu.Lock()
	v, known := s.visitors[id]
	if !known || len(v.unsaved().Visits) == 0 {
		s.mu.Unlock()
		return nil
	}
	saved := s.await(id)
	s.mu.Unlock()
	return wait(ctx, saved)
}
