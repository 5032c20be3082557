package merge

import (
	"playersync/syncer"
)

// View is a player as one game server sees it: what all share, its own entry of
// what is unsynced, and sums over all gamemodes. It is what the API answers and
// what a later save is compared with.
type View struct {
	ID syncer.PlayerID `json:"uuid"`
	syncer.Synced
	History []syncer.HistoryEntry `json:"history"`

	USID        *string          `json:"usid"`
	FirstJoined syncer.Time      `json:"firstJoined"`
	LastJoined  syncer.Time      `json:"lastJoined"`
	Stats       map[string]int64 `json:"stats"` // nil if this gamemode was never visited

	GlobalFirstJoined syncer.Time      `json:"globalFirstJoined"` // earliest known of all gamemodes
	GlobalLastJoined  syncer.Time      `json:"globalLastJoined"`  // latest of all gamemodes
	GlobalStats       map[string]int64 `json:"globalStats"`       // sum over all gamemodes

	Revision  int64       `json:"revision"`
	CreatedAt syncer.Time `json:"createdAt"`
}

// ViewOf returns p as s sees it. The result shares slices and maps with p.
func ViewOf(p syncer.Player, s syncer.GameServer) View {
	own := p.Gamemodes[s.Gamemode]
	v := View{
		ID: p.ID, Synced: p.Synced, History: p.History,
		USID: p.Addresses[s.Address].USID, FirstJoined: own.FirstJoined, LastJoined: own.LastJoined, Stats: own.Stats,
		Revision: p.Revision, CreatedAt: p.CreatedAt,
	}
	if len(p.Gamemodes) == 1 && own.Stats != nil {
		v.GlobalStats = own.Stats
		v.GlobalFirstJoined, v.GlobalLastJoined = own.FirstJoined, own.LastJoined
		return v
	}
	v.GlobalStats = map[string]int64{}
	for _, record := range p.Gamemodes {
		v.GlobalFirstJoined = syncer.Earliest(v.GlobalFirstJoined, record.FirstJoined)
		v.GlobalLastJoined = syncer.Latest(v.GlobalLastJoined, record.LastJoined)
		for name, count := range record.Stats {
			v.GlobalStats[name] = addCounters(v.GlobalStats[name], count)
		}
	}
	return v
}

// Saved returns v as the server holds it that was shown v and then sent a save: what
// the save says, and of the rest what was shown.
func (v View) Saved(save Save) View {
	v.Synced = save.Scalars.writtenTo(v.Synced)
	v.Flags = save.Flags.Or(v.Flags)
	v.USID = save.USID.Or(v.USID)
	if save.History != nil {
		v.History = save.History
	}
	if save.Stats != nil {
		v.Stats = save.Stats
	}
	if !save.FirstJoined.IsZero() {
		v.FirstJoined = save.FirstJoined
	}
	if !save.LastJoined.IsZero() {
		v.LastJoined = save.LastJoined
	}
	return v
}
