package merge

import (
	"playersync/syncer"
)

// Batch is a set of edits that is stored once, however often it is sent: the
// database remembers the id. Edits of one player must be joined into one.
type Batch struct {
	ID    [16]byte // a random UUID
	Edits map[syncer.PlayerID]Edit
	// Known has the [Restoration] of players who had a row before. It is used only where
	// the row is gone, and comes before the edit.
	Known map[syncer.PlayerID]Edit
	// Servers has the names of the game servers through which the edits came, as far as
	// they are known, for the audit.
	Servers map[syncer.PlayerID]string
}

// Part returns what the batch has of some of its players as a batch of its own.
func (b Batch) Part(id [16]byte, players ...syncer.PlayerID) Batch {
	part := Batch{
		ID: id, Edits: map[syncer.PlayerID]Edit{}, Known: map[syncer.PlayerID]Edit{},
		Servers: map[syncer.PlayerID]string{},
	}
	for _, player := range players {
		part.Edits[player] = b.Edits[player]
		if known, ok := b.Known[player]; ok {
			part.Known[player] = known
		}
		if server, ok := b.Servers[player]; ok {
			part.Servers[player] = server
		}
	}
	return part
}

// Restoration returns the edit that makes a new row what p was, but for the important
// fields: those are what the database says. Counters are raised, so that two sidecars may
// restore one row. The edit shares slices and maps with p.
func Restoration(p syncer.Player) Edit {
	e := Edit{
		Scalars: ScalarsOf(p.Synced), History: p.History,
		Gamemodes: make(map[string]GamemodeEdit, len(p.Gamemodes)),
		Addresses: make(map[string]AddressEdit, len(p.Addresses)),
	}
	for mode, record := range p.Gamemodes {
		e.Gamemodes[mode] = GamemodeEdit{
			FirstJoined: record.FirstJoined, LastJoined: record.LastJoined, AtLeast: record.Stats,
		}
	}
	for address, record := range p.Addresses {
		e.Addresses[address] = AddressEdit(record)
	}
	return e.WithoutImportant()
}
