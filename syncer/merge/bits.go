package merge

import (
	"playersync/syncer"
)

// uniteOptionalBits joins stored and added bits; nil stored is empty, nil added
// clears, and text that is not a list of words gives way to the other.
func uniteOptionalBits(stored, added *string) *string {
	if stored == nil || added == nil {
		return added
	}
	old, err := syncer.ParseBits(*stored)
	if err != nil {
		return added
	}
	extra, err := syncer.ParseBits(*added)
	if err != nil {
		return stored
	}
	if old.Contains(extra) {
		return stored
	}
	text := old.Unite(extra).String()
	return &text
}
