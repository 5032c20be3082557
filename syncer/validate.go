package syncer

import (
	"fmt"
	"slices"
	"time"
)

// Limits of single fields, in characters unless said otherwise. The database has
// the same limits as constraints; these exist to name the field politely.
const (
	MaxNameLength       = 512
	MaxMarkupLength     = 512
	MaxUSIDLength       = 256
	MaxHistoryText      = 512
	MaxBitsLength       = 4096
	MaxAttributesBytes  = 64 << 10
	MaxFlags            = 256
	MaxReasonLength     = 2000
	MaxRainbowSpeed     = 1000
	MaxCounters         = 256
	maxHistoryPerChange = 1000
)

// Validate returns an [Error] naming the first field that cannot be stored, or
// nil. Counter names and the limits of each field are checked; whether the player
// exists is not.
func (e Edit) Validate() error {
	checks := []func() error{
		e.validateImportant,
		e.validateScalars,
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
	if e.Rank.Set {
		if err := checkName("rank", e.Rank.Value); err != nil {
			return err
		}
	}
	for _, list := range [][]string{e.Flags.Add, e.Flags.Remove} {
		if len(list) > MaxFlags {
			return Invalid("flags", "must have at most %d members, has %d", MaxFlags, len(list))
		}
		for i, flag := range list {
			if err := checkName(fmt.Sprintf("flags[%d]", i), flag); err != nil {
				return err
			}
		}
	}
	for _, flag := range e.Flags.Add {
		if slices.Contains(e.Flags.Remove, flag) {
			return Invalid("flags", "%q is both added and removed", flag)
		}
	}
	for _, patch := range e.Attributes {
		if err := checkAttributes(patch); err != nil {
			return err
		}
	}
	return nil
}

func (e Edit) validateScalars() error {
	texts := []struct {
		field string
		value string
		limit int
	}{
		{"name", e.Name.Value, MaxNameLength},
		{"overrideName", text(e.OverrideName.Value), MaxNameLength},
		{"highlight", text(e.Highlight.Value), MaxMarkupLength},
		{"language", e.Language.Value, maxName},
		{"achievements", text(e.Achievements.Value), MaxBitsLength},
	}
	for _, t := range texts {
		if err := checkText(t.field, t.value, t.limit); err != nil {
			return err
		}
	}
	if r := e.Rainbow.Value; r != nil && (r.Speed < 1 || r.Speed > MaxRainbowSpeed) {
		return Invalid("rainbow.speed", "must be from 1 to %d, is %d", MaxRainbowSpeed, r.Speed)
	}
	if s := e.ChatStrictness; s.Set && s.Value != StrictnessChat && s.Value != StrictnessStrict {
		return Invalid("chatStrictness", "must be %q or %q, is %q", StrictnessChat, StrictnessStrict, s.Value)
	}
	if a := e.Achievements.Value; a != nil {
		if _, err := ParseBits(*a); err != nil {
			return err
		}
	}
	return nil
}

func validateHistory(entries []HistoryEntry) error {
	if len(entries) > maxHistoryPerChange {
		return Invalid("history", "must have at most %d entries, has %d", maxHistoryPerChange, len(entries))
	}
	for i, entry := range entries {
		field := fmt.Sprintf("history[%d]", i)
		if entry.Action == "" {
			return Invalid(field+".action", "must not be empty")
		}
		if err := checkText(field+".action", entry.Action, MaxHistoryText); err != nil {
			return err
		}
		if err := checkText(field+".by", entry.By, MaxHistoryText); err != nil {
			return err
		}
		if _, ok := entry.Time.Instant(); !ok {
			return Invalid(field+".time", "must be an instant")
		}
	}
	return nil
}

func (e Edit) validateUnsynced() error {
	for address, edit := range e.Addresses {
		if err := checkName("address", address); err != nil {
			return err
		}
		if err := checkText("usid", text(edit.USID), MaxUSIDLength); err != nil {
			return err
		}
	}
	for mode, edit := range e.Gamemodes {
		if err := checkName("gamemode", mode); err != nil {
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
		return Invalid("firstJoined", "must be an instant")
	}
	if g.LastJoined.IsForever() {
		return Invalid("lastJoined", "must be an instant")
	}
	// A difference may lead from one end of the range to the other.
	if err := validateCounters(g.Stats, 2*MaxCounter); err != nil {
		return err
	}
	return validateCounters(g.AtLeast, MaxCounter)
}

func validateCounters(counters map[string]int64, limit int64) error {
	if len(counters) > MaxCounters {
		return Invalid("stats", "must have at most %d counters, has %d", MaxCounters, len(counters))
	}
	for name, count := range counters {
		field := "stats." + name
		if err := checkName(field, name); err != nil {
			return err
		}
		if count > limit || count < -limit {
			return Invalid(field, "must lie within ±%d", MaxCounter)
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

// Validate returns an [Error] naming the first field that cannot be stored.
func (b NewBan) Validate(now time.Time) error {
	if b.Target == (Target{}) {
		return Invalid("uuid", "give a uuid or an ip")
	}
	if err := checkText("reason", b.Reason, MaxReasonLength); err != nil {
		return err
	}
	if err := checkText("by", b.By, MaxHistoryText); err != nil {
		return err
	}
	if !b.ExpiresAt.IsZero() && !b.ExpiresAt.After(now) {
		return Invalid("expiresAt", "must lie in the future")
	}
	return nil
}
