package sidecar

import (
	"context"
	"net/netip"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// Join tells whether a player may enter and what is known of it. A banned player
// is not created, held or counted. While the database is away, the ban verdict
// still comes from memory, and so does the player if it is cached; else Player
// is nil and the join is remembered nevertheless.
func (p *Players) Join(
	ctx context.Context, from syncer.GameServer, id syncer.PlayerID, request JoinRequest,
) (JoinResult, error) {
	edit := p.joinEdit(from, request)
	if err := edit.Validate(); err != nil {
		return JoinResult{}, err
	}
	banned, err := p.bans.CheckBans(ctx, id, request.IP)
	if err != nil {
		return JoinResult{}, err
	}
	if len(banned) > 0 {
		return p.rejected(ctx, from, id, banned[0]), nil
	}

	caller := syncer.CallerOf(ctx)
	p.arrive(from, caller, id, request.IP)
	player, source, err := p.readForJoin(ctx, id)
	if err == nil { // the event of a ban that came meanwhile did not name who had not arrived
		banned, err = p.bans.CheckBans(ctx, id, request.IP)
	}
	if err != nil || len(banned) > 0 {
		p.turnBack(from, id)
	}
	switch {
	case err != nil:
		return JoinResult{}, err
	case len(banned) > 0:
		return p.rejected(ctx, from, id, banned[0]), nil
	}
	for _, observer := range p.observers {
		observer.Joined(from, id, request)
	}
	return JoinResult{Player: p.arrived(from, caller, id, request, edit, player), Source: source}, nil
}

// arrived notes what a join changes and returns the player as the server is shown it; nil
// for one who is not known.
func (p *Players) arrived(
	from syncer.GameServer, caller string, id syncer.PlayerID, request JoinRequest, edit merge.Edit,
	player *syncer.Player,
) *merge.View {
	p.visitors.mu.Lock()
	defer p.visitors.mu.Unlock()
	v := p.visitors.of(id)
	if player == nil {
		edit.Addresses = nil // who may be privileged
		v.add(from.Name, edit)
		return nil
	}
	v.row = player
	before := p.visitors.view(from, player)
	if edit.Name.Value == before.Name {
		edit.Name = syncer.Optional[string]{}
	}
	switch usid := request.USID; {
	case usid == nil || before.USID == nil:
	case *usid == *before.USID:
		edit.Addresses = nil
	case merge.KeepsUSID(before, merge.Save{USID: syncer.Some(usid)}):
		edit.Addresses = nil
		p.keepUSID(from, player)
	}
	v.add(from.Name, edit)
	view := p.visitors.view(from, player)
	v.show(from.Name, caller, view)
	return &view
}

// joinEdit is what a join changes of a player.
func (p *Players) joinEdit(from syncer.GameServer, request JoinRequest) merge.Edit {
	now := syncer.TimeOf(p.Now())
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
func (p *Players) arrive(from syncer.GameServer, caller string, id syncer.PlayerID, ip netip.Addr) {
	p.visitors.mu.Lock()
	defer p.visitors.mu.Unlock()
	p.visitors.of(id).stays[from.Name] = &stay{
		from: ip.Unmap().WithZone(""), game: caller, shown: map[string][]merge.View{},
	}
}

// turnBack takes off the server a player who arrived and is not let in.
func (p *Players) turnBack(from syncer.GameServer, id syncer.PlayerID) {
	p.visitors.mu.Lock()
	defer p.visitors.mu.Unlock()
	delete(p.visitors.of(id).stays, from.Name)
	p.visitors.forget(id)
}

// pauseBetweenReads is how long a join waits before it asks a database again that is up and
// does not answer.
const pauseBetweenReads = 100 * time.Millisecond

// readForJoin reads the row anew, since what is unsynced does not travel, and
// creates it for a newcomer. It waits for a database that is up. Without the database it
// falls back to memory.
func (p *Players) readForJoin(ctx context.Context, id syncer.PlayerID) (*syncer.Player, Source, error) {
	waiting, cancel := share(ctx, forReading)
	defer cancel()
	player, err := p.readOrCreate(waiting, id)
	for syncer.IsAway(err) && p.Following() && waiting.Err() == nil {
		select {
		case <-time.After(pauseBetweenReads):
			player, err = p.readOrCreate(waiting, id)
		case <-waiting.Done():
		}
	}
	switch {
	case err == nil && player != nil:
		return player, FromDatabase, nil
	case err == nil || syncer.IsAway(err): // deleted within the moment, or away
		cached, _ := p.held.Get(id)
		return cached, FromMemory, nil
	default:
		return nil, "", err
	}
}

// readOrCreate reads the row anew, and creates it if there is none.
func (p *Players) readOrCreate(ctx context.Context, id syncer.PlayerID) (*syncer.Player, error) {
	player, err := p.held.Reread(ctx, id, p.fetch)
	if err != nil || player != nil {
		return player, err
	}
	if _, err := p.creations.one(ctx, id); err != nil {
		return nil, err
	}
	p.visitors.mu.Lock()
	p.visitors.restore(id) // on a server, and deleted meanwhile
	p.visitors.mu.Unlock()
	return p.held.Reread(ctx, id, p.fetch)
}

// rejected answers the join of a banned player. The record is a courtesy: it is left out if
// the database did not even say of which ban it is, or takes its time.
func (p *Players) rejected(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, ban syncer.Ban) JoinResult {
	player, fromMemory := p.held.Get(id)
	if !fromMemory && ban.Number != 0 {
		brief, cancel := share(ctx, forDetails)
		defer cancel()
		player, fromMemory, _ = p.held.Read(brief, id, p.fetch)
	}
	result := JoinResult{Ban: &ban, Source: sourceOf(fromMemory || player == nil)}
	if player != nil {
		result.Player = new(p.View(from, player))
	}
	return result
}
