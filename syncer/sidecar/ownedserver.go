package sidecar

import (
	"maps"
	"slices"

	"playersync/syncer"
)

// ownedServer is a game server that this sidecar speaks for, as [Presence] wants it to
// be stored. It is guarded by Presence.mu.
type ownedServer struct {
	server     syncer.GameServer
	players    map[syncer.PlayerID]syncer.Session
	changed    map[syncer.PlayerID]bool // not known to be stored as they are
	registered bool                     // the server itself is stored as it is
	claim      bool                     // to be taken over from whoever speaks for it
	unknown    bool                     // what is stored of the players is not known
	lost       bool                     // another sidecar speaks for it
}

func newAttended() *ownedServer {
	return &ownedServer{players: map[syncer.PlayerID]syncer.Session{}, changed: map[syncer.PlayerID]bool{}, claim: true}
}

func (a *ownedServer) put(session syncer.Session) {
	a.players[session.ID] = session
	a.changed[session.ID] = true
}

func (a *ownedServer) remove(id syncer.PlayerID) {
	if _, on := a.players[id]; on {
		delete(a.players, id)
		a.changed[id] = true
	}
}

// start empties the server and takes it over.
func (a *ownedServer) start() {
	clear(a.players)
	a.claim, a.unknown = true, true
}

// take moves to e what is to be stored, which then counts as stored.
func (a *ownedServer) take(e *syncer.SessionEdit) {
	if a.unknown {
		e.Complete = append(e.Complete, a.server.Name)
		e.Arrived = slices.AppendSeq(e.Arrived, maps.Values(a.players))
	} else {
		for id := range a.changed {
			if session, on := a.players[id]; on {
				e.Arrived = append(e.Arrived, session)
			} else {
				e.Departed = append(e.Departed, syncer.Session{Server: a.server.Name, ID: id})
			}
		}
	}
	clear(a.changed)
	a.unknown = false
}

// digest is that of the players, as [PresenceStore] returns it of those stored.
func (a *ownedServer) digest() string {
	return syncer.SessionDigest(slices.Collect(maps.Values(a.players)))
}
