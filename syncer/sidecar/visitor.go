package sidecar

import (
	"slices"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// maxShown is how many states of a player each server may have been shown last.
const maxShown = 8

// visitor is a player with something to remember: where it is, what was shown of
// it, and which edits are not stored yet. All fields are guarded by Sidecar.mu.
type visitor struct {
	servers map[string][]merge.View // by server name: states shown, latest last
	saving  []sending               // in batches that are not known to be stored, oldest first
	pending merge.Edit              // in no batch yet
}

// sending is one player's part of a batch under way.
type sending struct {
	batch [16]byte
	edit  merge.Edit
}

// unsaved returns all edits that the row may not have yet.
func (v *visitor) unsaved() merge.Edit {
	var all merge.Edit
	for _, s := range v.saving {
		all = all.Then(s.edit)
	}
	return all.Then(v.pending)
}

// show remembers a state that was shown to a server the player is on.
func (v *visitor) show(server string, view merge.View) {
	shown, on := v.servers[server]
	if !on {
		return
	}
	if len(shown) == maxShown {
		shown = shown[1:]
	}
	v.servers[server] = append(slices.Clip(shown), view)
}

// visitor returns the remembered state of a player, made if need be. The caller
// holds s.mu for writing.
func (s *Sidecar) visitor(id syncer.PlayerID) *visitor {
	v, known := s.visitors[id]
	if !known {
		v = &visitor{servers: map[string][]merge.View{}}
		s.visitors[id] = v
		s.players.Hold(id)
	}
	return v
}

// Restarted takes all players off a game server that starts: it cannot say that
// they left. What is not stored yet of them still will be.
func (s *Sidecar) Restarted(from syncer.GameServer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, v := range s.visitors {
		if _, on := v.servers[from.Name]; on {
			delete(v.servers, from.Name)
			s.forget(id)
		}
	}
}

// forget drops a visitor that has nothing left to remember. The caller holds
// s.mu for writing.
func (s *Sidecar) forget(id syncer.PlayerID) {
	v, known := s.visitors[id]
	if known && len(v.servers) == 0 && len(v.saving) == 0 && v.pending.IsZero() {
		delete(s.visitors, id)
		s.players.Release(id)
	}
}

// View returns the player as a server sees it, with the edits laid over that are
// not stored yet.
func (s *Sidecar) View(from syncer.GameServer, player *syncer.Player) merge.View {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.view(from, player)
}

// view is View for callers that hold s.mu.
func (s *Sidecar) view(from syncer.GameServer, player *syncer.Player) merge.View {
	v, known := s.visitors[player.ID]
	if !known || len(v.saving) == 0 && v.pending.IsZero() {
		return merge.ViewOf(*player, from)
	}
	return merge.ViewOf(v.unsaved().Apply(*player), from)
}

// remove forgets the part that a batch carries.
func (v *visitor) remove(batch [16]byte) {
	v.saving = slices.DeleteFunc(slices.Clone(v.saving), func(s sending) bool { return s.batch == batch })
}
