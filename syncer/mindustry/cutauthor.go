package mindustry

import (
	"strings"
	"unicode/utf8"

	"playersync/syncer"
)

// WithoutCutAuthors returns the history, oldest first, without the entries that
// are there a second time because a server cut their author.
func WithoutCutAuthors(history []syncer.HistoryEntry) []syncer.HistoryEntry {
	united := syncer.UniteHistory(history, nil)
	kept := united[:0]
	for i, entry := range united {
		if i+1 < len(united) && isCut(entry, united[i+1]) {
			continue // whoever begins like that author comes right behind
		}
		kept = append(kept, entry)
	}
	return kept
}

func isCut(entry, whole syncer.HistoryEntry) bool {
	return entry.Time == whole.Time && entry.Action == whole.Action &&
		utf8.RuneCountInString(entry.By) == MaxAuthorLength && strings.HasPrefix(whole.By, entry.By)
}

// MaxAuthorLength is where servers without a copy cut the author of a history entry.
const MaxAuthorLength = 98
