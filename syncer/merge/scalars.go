package merge

import (
	"reflect"
	"strings"

	"playersync/syncer"
)

// Scalars are the single values of a player that all servers share, as a [Save] sends
// them and an [Edit] sets them. Absent fields say nothing. They are the fields of
// [syncer.Synced] of the same names; the table in scalartable.go says how each is merged.
type Scalars struct {
	// Important.
	Rank       syncer.Optional[string]      `json:"rank,omitzero"`
	UnmuteTime syncer.Optional[syncer.Time] `json:"unmuteTime,omitzero"`
	MuteReason syncer.Optional[string]      `json:"muteReason,omitzero"` // set if UnmuteTime is
	UnmarkTime syncer.Optional[syncer.Time] `json:"unmarkTime,omitzero"`

	// Unimportant.
	Name           syncer.Optional[string]          `json:"name,omitzero"`
	OverrideName   syncer.Optional[*string]         `json:"overrideName,omitzero"`
	Highlight      syncer.Optional[*string]         `json:"highlight,omitzero"`
	Rainbow        syncer.Optional[*syncer.Rainbow] `json:"rainbow,omitzero"`
	ChatStrictness syncer.Optional[string]          `json:"chatStrictness,omitzero"`
	ShowRankPrefix syncer.Optional[bool]            `json:"showRankPrefix,omitzero"`
	Language       syncer.Optional[string]          `json:"language,omitzero"`
	Achievements   syncer.Optional[*string]         `json:"achievements,omitzero"` // united bit by bit; nil clears
}

// ScalarsOf returns all fields of a player, set to the player's values.
func ScalarsOf(p syncer.Synced) Scalars {
	o := operands{p: p}
	o.each(take)
	return o.s
}

// ImportantFields returns the JSON names of the important fields of a player: of the scalars,
// and flags and attributes.
func ImportantFields() []string {
	names := []string{"flags", "attributes"}
	scalars := reflect.ValueOf(ScalarsOf(syncer.Synced{}).important())
	for field, value := range scalars.Fields() {
		if !value.IsZero() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}

func (s Scalars) isEmpty() bool { return s == Scalars{} }

// count returns how many fields are set.
func (s Scalars) count() int {
	o := operands{s: s}
	o.each(count)
	return o.count
}

func (s Scalars) important() Scalars {
	o := operands{s: s}
	o.each(keepImportant)
	return o.s
}

func (s Scalars) withoutImportant() Scalars {
	o := operands{s: s}
	o.each(dropImportant)
	return o.s
}

// changesOf returns the fields that say something new to a server that was shown a player.
func (s Scalars) changesOf(shown syncer.Synced) Scalars {
	o := operands{s: s, p: shown}
	o.each(keepNew)
	return o.s
}

// appliedTo returns the player after the fields were applied.
func (s Scalars) appliedTo(p syncer.Synced) syncer.Synced {
	o := operands{s: s, p: p}
	o.each(apply)
	return o.p
}

// writtenTo returns the player with the values that are set in place of the player's.
func (s Scalars) writtenTo(p syncer.Synced) syncer.Synced {
	o := operands{s: s, p: p}
	o.each(write)
	return o.p
}

// then joins two changes; the later one wins.
func (s Scalars) then(next Scalars) Scalars {
	o := operands{s: s, next: next}
	o.each(join)
	return o.s
}

// without returns what may still be applied after next was.
func (s Scalars) without(next Scalars) Scalars {
	o := operands{s: s, next: next}
	o.each(dropOverwritten)
	return o.s
}

// overlaps reports whether both set one and the same field.
func (s Scalars) overlaps(other Scalars) bool {
	o := operands{s: s, next: other}
	o.each(keepShared)
	return !o.s.isEmpty()
}

// setTo returns the values of saved, but what s has of fields that only grow.
func (s Scalars) setTo(saved Scalars) Scalars {
	o := operands{s: s, next: saved}
	o.each(set)
	return o.s
}

// validate returns an [syncer.Error] naming the first field that cannot be stored, or nil.
func (s Scalars) validate() error {
	o := operands{s: s}
	o.each(validate)
	return o.err
}
