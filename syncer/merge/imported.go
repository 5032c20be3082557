package merge

import (
	"maps"
	"slices"

	"playersync/syncer"
)

// ImportedPlayer is a player as another database kept him: older than what is
// here, where both know him.
type ImportedPlayer struct {
	ID        syncer.PlayerID
	Save      Save                             // what all servers share; the rest of it says nothing
	Gamemodes map[string]syncer.GamemodeRecord // by gamemode
	Addresses map[string]syncer.AddressRecord  // by server address
}

// PlayerImport is what an import of players came to.
type PlayerImport struct {
	Added     int `json:"added"`     // were not here
	Changed   int `json:"changed"`   // were here and knew less
	Unchanged int `json:"unchanged"` // held everything already
	History   int `json:"history"`   // entries added
}

// Add returns the sum of two.
func (i PlayerImport) Add(j PlayerImport) PlayerImport {
	return PlayerImport{
		Added: i.Added + j.Added, Changed: i.Changed + j.Changed,
		Unchanged: i.Unchanged + j.Unchanged, History: i.History + j.History,
	}
}

// Validate returns an [syncer.Error] naming the first field that cannot be stored.
func (p ImportedPlayer) Validate() error {
	if _, err := syncer.ParsePlayerID(string(p.ID)); err != nil {
		return err
	}
	if n := len(p.Save.Flags.Value); n > syncer.MaxFlags {
		return syncer.Invalid("flags", "must have at most %d members, has %d", syncer.MaxFlags, n)
	}
	e := p.edit(true)
	e.Flags.Add = p.Save.Flags.Value
	e.Addresses = make(map[string]AddressEdit, len(p.Addresses))
	for address, record := range p.Addresses {
		e.Addresses[address] = AddressEdit(record)
	}
	if err := e.Validate(); err != nil {
		return err
	}
	for entries := range slices.Chunk(p.Save.History, syncer.MaxHistoryPerChange) { // they need not fit into one change
		if err := validateHistory(entries); err != nil {
			return err
		}
	}
	return nil
}

// Newcomer returns the player as he is stored if he is not here yet: with
// everything that is known of him but the history, which is stored by itself.
func (p ImportedPlayer) Newcomer() syncer.Player {
	e := p.edit(true)
	e.Gamemodes = nil
	e.Flags.Add = p.Save.Flags.Value
	player := e.Apply(syncer.NewPlayer(p.ID))
	maps.Copy(player.Gamemodes, p.Gamemodes)
	maps.Copy(player.Addresses, p.Addresses)
	return player
}

// Merge returns what the import changes of a player who is here, except for history,
// flags and addresses: join times are widened, counters only raised, and bits
// added, so that the same again changes nothing. The other fields stay as they
// are, or are set to the import's with replace.
func (p ImportedPlayer) Merge(replace bool) Edit { return p.edit(replace) }

func (p ImportedPlayer) edit(replace bool) Edit {
	var e Edit
	if replace {
		e.Scalars = e.Scalars.setTo(p.Save.Scalars)
	}
	if p.Save.Achievements.Value != nil {
		e.Achievements = p.Save.Achievements
	}
	for mode, record := range p.Gamemodes {
		if e.Gamemodes == nil {
			e.Gamemodes = make(map[string]GamemodeEdit, len(p.Gamemodes))
		}
		e.Gamemodes[mode] = GamemodeEdit{
			FirstJoined: record.FirstJoined, LastJoined: record.LastJoined, AtLeast: record.Stats,
		}
	}
	return e
}
