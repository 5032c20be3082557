package sidecar

import (
	"maps"
	"net/netip"
	"slices"

	"playersync/syncer/merge"
)

// Bounds of what is remembered of a stay.
const (
	maxShown   = 8 // states for each caller
	maxCallers = 4
)

// stay is a player's time on one game server. Not only the game asks in the server's name:
// what another caller was shown is not what the game holds.
type stay struct {
	from  netip.Addr              // where the player joined from
	game  string                  // the caller that said so; see [syncer.CallerOf]
	shown map[string][]merge.View // by caller: states shown, oldest first
}

// show remembers a state that was shown to a caller. The first one that a caller was shown,
// which is that of the join for the game, stays remembered.
func (s *stay) show(caller string, view merge.View) {
	states, known := s.shown[caller]
	if !known && len(s.shown) >= maxCallers {
		for other := range s.shown {
			if other != s.game {
				delete(s.shown, other)
				break
			}
		}
	}
	if len(states) == maxShown {
		states = slices.Delete(slices.Clone(states), 1, 2)
	}
	s.shown[caller] = append(slices.Clip(states), view)
}

// states returns what a caller can hold: what it was shown, or, if it was shown nothing, what
// the game was.
func (s *stay) states(caller string) []merge.View {
	if states := s.shown[caller]; len(states) > 0 {
		return states
	}
	return s.shown[s.game]
}

// count notes the counters that a caller sent, which are stored: whichever state it holds, it
// counts on from them.
func (s *stay) count(caller string, sent map[string]int64) {
	if len(sent) == 0 {
		return
	}
	states := slices.Clone(s.shown[caller])
	for i := range states {
		stats := maps.Clone(states[i].Stats)
		if stats == nil {
			stats = map[string]int64{}
		}
		maps.Copy(stats, sent)
		states[i].Stats = stats
	}
	if len(states) > 0 {
		s.shown[caller] = states
	}
}
