package merge

import (
	"fmt"
	"slices"

	"playersync/syncer"
)

// Validate returns an [syncer.Error] naming the first field that cannot be stored, or
// nil. Counter names and the limits of each field are checked; whether the player
// exists is not.
func (e Edit) Validate() error {
	checks := []func() error{
		e.validateImportant,
		e.Scalars.withoutImportant().validate,
		func() error { return validateHistory(e.History) },
		e.validateUnsynced,
		func() error { return validateVisits(e.Visits) },
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (e Edit) validateImportant() error {
	if err := e.Scalars.important().validate(); err != nil {
		return err
	}
	for _, list := range [][]string{e.Flags.Add, e.Flags.Remove} {
		if len(list) > syncer.MaxFlags {
			return syncer.Invalid("flags", "must have at most %d members, has %d", syncer.MaxFlags, len(list))
		}
		for i, flag := range list {
			if err := syncer.CheckName(fmt.Sprintf("flags[%d]", i), flag); err != nil {
				return err
			}
		}
	}
	for _, flag := range e.Flags.Add {
		if slices.Contains(e.Flags.Remove, flag) {
			return syncer.Invalid("flags", "%q is both added and removed", flag)
		}
	}
	for _, patch := range e.Attributes {
		if err := checkAttributes(patch); err != nil {
			return err
		}
	}
	return nil
}

func validateHistory(entries []syncer.HistoryEntry) error {
	if len(entries) > syncer.MaxHistoryPerChange {
		return syncer.Invalid("history", "must have at most %d entries, has %d", syncer.MaxHistoryPerChange,
			len(entries))
	}
	for i, entry := range entries {
		field := fmt.Sprintf("history[%d]", i)
		if entry.Action == "" {
			return syncer.Invalid(field+".action", "must not be empty")
		}
		if err := syncer.CheckText(field+".action", entry.Action, syncer.MaxHistoryText); err != nil {
			return err
		}
		if err := syncer.CheckText(field+".by", entry.By, syncer.MaxHistoryText); err != nil {
			return err
		}
		if _, ok := entry.Time.Instant(); !ok {
			return syncer.Invalid(field+".time", "must be an instant")
		}
	}
	return nil
}

func (e Edit) validateUnsynced() error {
	for address, edit := range e.Addresses {
		if err := syncer.CheckName("address", address); err != nil {
			return err
		}
		if err := syncer.CheckText("usid", text(edit.USID), syncer.MaxUSIDLength); err != nil {
			return err
		}
	}
	for mode, edit := range e.Gamemodes {
		if err := syncer.CheckName("gamemode", mode); err != nil {
			return err
		}
		if err := edit.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (g GamemodeEdit) validate() error {
	if g.FirstJoined.IsForever() {
		return syncer.Invalid("firstJoined", "must be an instant")
	}
	if g.LastJoined.IsForever() {
		return syncer.Invalid("lastJoined", "must be an instant")
	}
	// A difference may lead from one end of the range to the other.
	if err := validateCounters(g.Stats, 2*syncer.MaxCounter); err != nil {
		return err
	}
	return validateCounters(g.AtLeast, syncer.MaxCounter)
}

func validateCounters(counters map[string]int64, limit int64) error {
	if len(counters) > syncer.MaxCounters {
		return syncer.Invalid("stats", "must have at most %d counters, has %d", syncer.MaxCounters, len(counters))
	}
	for name, count := range counters {
		field := "stats." + name
		if err := syncer.CheckName(field, name); err != nil {
			return err
		}
		if count > limit || count < -limit {
			return syncer.Invalid(field, "must lie within ±%d", syncer.MaxCounter)
		}
	}
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
