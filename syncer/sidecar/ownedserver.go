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
	contested  bool                     // another sidecar would like to
}

func newOwnedServer() *ownedServer {
	return &ownedServer{players: map[syncer.PlayerID]syncer.Session{}, changed: map[syncer.PlayerID]bool{}, claim: true}
}

func (o *ownedServer) put(session syncer.Session) {
	o.players[session.ID] = session
	o.changed[session.ID] = true
}

func (o *ownedServer) remove(id syncer.PlayerID) {
	if _, on := o.players[id]; on {
		delete(o.players, id)
		o.changed[id] = true
	}
}

// start empties the server and takes it over.
func (o *ownedServer) start() {
	clear(o.players)
	o.claim, o.unknown = true, true
}

// take moves to e what is to be stored, which then counts as stored.
func (o *ownedServer) take(e *syncer.SessionEdit) {
	if o.unknown {
		e.Complete = append(e.Complete, o.server.Name)
		e.Arrived = slices.AppendSeq(e.Arrived, maps.Values(o.players))
	} else {
		for id := range o.changed {
			if session, on := o.players[id]; on {
				e.Arrived = append(e.Arrived, session)
			} else {
				e.Departed = append(e.Departed, syncer.Session{Server: o.server.Name, ID: id})
			}
		}
	}
	clear(o.changed)
	o.unknown = false
}

// digest is that of the players, as [syncer.HeldLease] has it of those stored.
func (o *ownedServer) digest() string {
	return syncer.SessionDigest(slices.Collect(maps.Values(o.players)))
}
