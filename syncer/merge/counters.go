package merge

import (
	"maps"

	"playersync/syncer"
)

// addCounters returns a + b, held within ±[syncer.MaxCounter].
func addCounters(a, b int64) int64 {
	return min(max(a+b, -syncer.MaxCounter), syncer.MaxCounter)
}

// addDifferences returns a + b, held within what moves a counter from one end of
// its range to the other.
func addDifferences(a, b int64) int64 {
	return min(max(a+b, -2*syncer.MaxCounter), 2*syncer.MaxCounter)
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
