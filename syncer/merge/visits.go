package merge

import (
	"fmt"
	"slices"

	"playersync/syncer"
)

// joinVisits returns the visits of both lists, those that differ only in numbers
// and times as one.
func joinVisits(first, next []syncer.Visit) []syncer.Visit {
	if len(first) == 0 {
		return slices.Clone(next)
	}
	joined := slices.Clone(first)
	for _, v := range next {
		i := slices.IndexFunc(joined, func(known syncer.Visit) bool {
			return known.Server == v.Server && known.Name == v.Name && known.IP == v.IP
		})
		if i < 0 {
			joined = append(joined, v)
			continue
		}
		joined[i].Joins += v.Joins
		joined[i].Kicks += v.Kicks
		joined[i].First = syncer.Earliest(joined[i].First, v.First)
		joined[i].Last = syncer.Latest(joined[i].Last, v.Last)
	}
	return joined
}

func validateVisits(visits []syncer.Visit) error {
	for i, v := range visits {
		field := fmt.Sprintf("visits[%d]", i)
		if err := syncer.CheckName(field+".server", v.Server); err != nil {
			return err
		}
		if err := syncer.CheckText(field+".name", v.Name, syncer.MaxNameLength); err != nil {
			return err
		}
		if v.Joins < 0 || v.Kicks < 0 {
			return syncer.Invalid(field, "must not count down")
		}
		first, known := v.First.Instant()
		last, ended := v.Last.Instant()
		if !known || !ended || last.Before(first) {
			return syncer.Invalid(field, "must begin at an instant and end at the same or a later one")
		}
	}
	return nil
}
