package changefeed

import (
	"maps"
	"slices"

	"playersync/syncer"
)

// SessionRow says that a session began or ended. Read from the table it names one
// that continues.
type SessionRow struct {
	syncer.Session
	Online   bool  `json:"-"`
	Revision int64 `json:"revision"` // higher is newer, also of different sessions
}

// CountOnline returns how many different players are in sessions, and how many on
// each server that has any, by name.
func CountOnline(sessions []*SessionRow) (players int, servers []syncer.OnlineCount) {
	seen := make(map[syncer.PlayerID]bool, len(sessions))
	counts := map[string]*syncer.OnlineCount{}
	for _, s := range sessions {
		seen[s.ID] = true
		c, known := counts[s.Server]
		if !known {
			c = &syncer.OnlineCount{Server: s.Server}
			counts[s.Server] = c
		}
		c.Gamemode = s.Gamemode
		c.Players++
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		servers = append(servers, *counts[name])
	}
	return len(seen), servers
}
