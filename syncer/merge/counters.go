package merge

import "playersync/syncer"

// addCounters returns a + b, held within ±[syncer.MaxCounter].
func addCounters(a, b int64) int64 {
	return min(max(a+b, -syncer.MaxCounter), syncer.MaxCounter)
}

// addDifferences returns a + b, held within what moves a counter from one end of
// its range to the other.
func addDifferences(a, b int64) int64 {
	return min(max(a+b, -2*syncer.MaxCounter), 2*syncer.MaxCounter)
}

// countedSince returns per name what was added to the counters shown, and the values of
// those that are below what was shown, which is 0 where nothing was. Counters only grow: those
// did not start there. Both are nil if empty.
func countedSince(shown, saved map[string]int64) (added, below map[string]int64) {
	for name, count := range saved {
		old, known := shown[name]
		switch {
		case count < old:
			if below == nil {
				below = map[string]int64{}
			}
			below[name] = count
		case !known || count > old:
			if added == nil {
				added = map[string]int64{}
			}
			added[name] = count - old
		}
	}
	return added, below
}
