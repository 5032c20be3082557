package syncer

import "maps"

// View is a player as one game server sees it: what all share, its own entry of
// what is unsynced, and sums over all gamemodes. It is what the API answers and
// what a later save is compared with.
type View struct {
	ID PlayerID `json:"uuid"`
	Synced
	History []HistoryEntry `json:"history"`

	USID        *string          `json:"usid"`
	FirstJoined Time             `json:"firstJoined"`
	LastJoined  Time             `json:"lastJoined"`
	Stats       map[string]int64 `json:"stats"` // nil if this gamemode was never visited

	GlobalFirstJoined Time             `json:"globalFirstJoined"` // earliest known of all gamemodes
	GlobalLastJoined  Time             `json:"globalLastJoined"`  // latest of all gamemodes
	GlobalStats       map[string]int64 `json:"globalStats"`       // sum over all gamemodes

	Revision  int64 `json:"revision"`
	CreatedAt Time  `json:"createdAt"`
}

// View returns p as s sees it. The result shares slices and maps with p.
func (p Player) View(s GameServer) View {
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
		v.GlobalFirstJoined = earlier(v.GlobalFirstJoined, record.FirstJoined)
		v.GlobalLastJoined = later(v.GlobalLastJoined, record.LastJoined)
		for name, count := range record.Stats {
			v.GlobalStats[name] = addCounters(v.GlobalStats[name], count)
		}
	}
	return v
}

// MaxCounter is the largest value of a counter, and its negative the smallest:
// what a JSON number carries exactly (2^53 - 1).
const MaxCounter int64 = 1<<53 - 1

// addCounters returns a + b, held within ±[MaxCounter].
func addCounters(a, b int64) int64 {
	return min(max(a+b, -MaxCounter), MaxCounter)
}

// addDifferences returns a + b, held within what moves a counter from one end of
// its range to the other.
func addDifferences(a, b int64) int64 {
	return min(max(a+b, -2*MaxCounter), 2*MaxCounter)
}

// subtractCounters returns per name what was added from old to new.
func subtractCounters(updated, old map[string]int64) map[string]int64 {
	difference := maps.Clone(updated)
	maps.DeleteFunc(difference, func(name string, count int64) bool {
		_, known := old[name]
		return known && count == old[name]
	})
	for name := range difference {
		difference[name] -= old[name]
	}
	return difference
}
