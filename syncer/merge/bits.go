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

// addsNoBits reports whether a saved set holds no bit beyond those shown and does not
// clear them.
func addsNoBits(shown, saved *string) bool {
	if shown == nil || saved == nil {
		return shown == saved
	}
	if *shown == *saved {
		return true
	}
	before, errBefore := syncer.ParseBits(*shown)
	after, errAfter := syncer.ParseBits(*saved)
	return errBefore == nil && errAfter == nil && before.Contains(after)
}
