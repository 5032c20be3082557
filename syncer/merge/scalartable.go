package merge

import (
	"playersync/syncer"
)

// action is what [operands.each] does with every field.
type action int

const (
	count           action = iota // count the fields that s sets
	keepImportant                 // of s
	dropImportant                 // from s
	keepNew                       // of s, the fields that a server which was shown p does not know
	keepShared                    // of s, the fields that next sets too
	dropOverwritten               // from s, the fields that would undo next if they came after it
	join                          // next to s
	set                           // s to next, except for fields that only grow
	take                          // s from p
	apply                         // s to p
	write                         // s to p, as it is
	validate                      // s
)

// operands are what an action works on, and what it finds.
type operands struct {
	action  action
	s, next Scalars
	p       syncer.Synced

	count int
	err   error // the first
}

// Whether a field is important.
const (
	important   = true
	unimportant = false
)

// each runs the action over the table of all scalar fields, the only list of them in
// this package. A line has the JSON name of the field and its importance, the field in
// both changes and in the player, and what may be stored in it.
func (o *operands) each(a action) {
	o.action = a
	s, next, p := &o.s, &o.next, &o.p
	plain(o, "rank", important, &s.Rank, &next.Rank, &p.Rank, syncer.CheckName)
	plain(o, "unmuteTime", important, &s.UnmuteTime, &next.UnmuteTime, &p.UnmuteTime, anything)
	reason(o, "muteReason", important, &s.MuteReason, &next.MuteReason, &p.MuteReason, checkMuteReason)
	plain(o, "unmarkTime", important, &s.UnmarkTime, &next.UnmarkTime, &p.UnmarkTime, anything)
	plain(o, "name", unimportant, &s.Name, &next.Name, &p.Name, checkPlayerName)
	nullable(o, "overrideName", unimportant, &s.OverrideName, &next.OverrideName, &p.OverrideName, checkPlayerName)
	nullable(o, "highlight", unimportant, &s.Highlight, &next.Highlight, &p.Highlight, checkMarkup)
	nullable(o, "rainbow", unimportant, &s.Rainbow, &next.Rainbow, &p.Rainbow, checkRainbow)
	plain(o, "chatStrictness", unimportant, &s.ChatStrictness, &next.ChatStrictness, &p.ChatStrictness, checkStrictness)
	plain(o, "showRankPrefix", unimportant, &s.ShowRankPrefix, &next.ShowRankPrefix, &p.ShowRankPrefix, anything)
	plain(o, "language", unimportant, &s.Language, &next.Language, &p.Language, checkLanguage)
	bits(o, "achievements", unimportant, &s.Achievements, &next.Achievements, &p.Achievements, checkBits)
}

// plain is a field of which a later value replaces an earlier one.
func plain[T comparable](
	o *operands, name string, important bool, s, next *syncer.Optional[T], p *T, check func(name string, value T) error,
) {
	switch o.action {
	case keepNew:
		keepIf(s, *p != s.Value)
	case validate:
		if s.Set && o.err == nil {
			o.err = check(name, s.Value)
		}
	default:
		common(o, important, s, next, p)
	}
}

// nullable is like plain, of values that may be null. They are compared by what the
// pointers point at.
func nullable[T comparable](
	o *operands, name string, important bool, s, next *syncer.Optional[*T], p **T,
	check func(name string, value T) error,
) {
	switch o.action {
	case keepNew:
		keepIf(s, !sameValue(*p, s.Value))
	case validate:
		if s.Set && s.Value != nil && o.err == nil {
			o.err = check(name, *s.Value)
		}
	default:
		common(o, important, s, next, p)
	}
}

// bits is a set of bits as text. A change adds its bits to those stored; only a change
// to null removes any, and it removes all.
func bits(
	o *operands, name string, important bool, s, next *syncer.Optional[*string], p **string,
	check func(name, value string) error,
) {
	switch o.action {
	case keepNew:
		keepIf(s, !addsNoBits(*p, s.Value))
	case dropOverwritten:
		keepIf(s, !next.Set || s.Value != nil && next.Value != nil) // additions do not undo each other
	case join:
		// Clearing and then adding cannot be told apart from adding alone: the stored
		// bits survive, and are lost only by a change to null that comes last.
		if s.Set && next.Set {
			next.Value = uniteOptionalBits(s.Value, next.Value)
		}
		*s = s.Then(*next)
	case set:
	case apply:
		if s.Set {
			*p = uniteOptionalBits(*p, s.Value)
		}
	default:
		nullable(o, name, important, s, next, p, check)
	}
}

// reason is why there is a mute, whose end stands before it in the table. Both are one
// value: a change sets both, and one that gives an end without a reason says that there
// is none.
func reason(
	o *operands, name string, important bool, s, next *syncer.Optional[string], p *string,
	check func(name, value string) error,
) {
	switch end := &o.s.UnmuteTime; o.action {
	case count: // as one change with the end
		if s.Set && !end.Set {
			o.count++
		}
	case keepNew:
		if !end.Set && (!s.Set || s.Value == *p) {
			keepIf(s, false)
			return
		}
		end.Value, end.Set, s.Set = end.Or(o.p.UnmuteTime), true, true
	case set:
		*s = *next
		s.Set = s.Set || end.Set
	case validate:
		switch {
		case o.err != nil || !s.Set:
		case !end.Set:
			o.err = syncer.Invalid(name, "give unmuteTime or muted with it")
		case end.Value.IsZero() && s.Value != "":
			o.err = syncer.Invalid(name, "must be empty for who is not muted")
		default:
			o.err = check(name, s.Value)
		}
	default:
		plain(o, name, important, s, next, p, check)
	}
}

// common does the actions that are the same for every kind of field.
func common[T any](o *operands, important bool, s, next *syncer.Optional[T], p *T) {
	switch o.action {
	case count:
		if s.Set {
			o.count++
		}
	case keepImportant:
		keepIf(s, important)
	case dropImportant:
		keepIf(s, !important)
	case keepShared:
		keepIf(s, next.Set)
	case dropOverwritten:
		keepIf(s, !next.Set)
	case join:
		*s = s.Then(*next)
	case set:
		*s = *next
	case take:
		*s = syncer.Some(*p)
	case apply, write:
		*p = s.Or(*p)
	}
}

// keepIf makes a field absent unless it is to be kept.
func keepIf[T any](s *syncer.Optional[T], keep bool) {
	if !keep {
		*s = syncer.Optional[T]{}
	}
}

// sameValue reports whether both are nil or point at equal values.
func sameValue[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// What may be stored; see [Edit.Validate].

func anything[T any](string, T) error { return nil }

func checkPlayerName(field, text string) error {
	return syncer.CheckText(field, text, syncer.MaxNameLength)
}

func checkMarkup(field, text string) error {
	return syncer.CheckText(field, text, syncer.MaxMarkupLength)
}

func checkMuteReason(field, text string) error {
	return syncer.CheckText(field, text, syncer.MaxMuteReasonLength)
}

func checkLanguage(field, text string) error {
	return syncer.CheckText(field, text, syncer.MaxIdentifierLength)
}

func checkRainbow(field string, r syncer.Rainbow) error {
	if r.Speed < 1 || r.Speed > syncer.MaxRainbowSpeed {
		return syncer.Invalid(field+".speed", "must be from 1 to %d, is %d", syncer.MaxRainbowSpeed, r.Speed)
	}
	return nil
}

func checkStrictness(field, strictness string) error {
	if strictness != syncer.StrictnessChat && strictness != syncer.StrictnessStrict {
		return syncer.Invalid(field, "must be %q or %q, is %q",
			syncer.StrictnessChat, syncer.StrictnessStrict, strictness)
	}
	return nil
}

func checkBits(field, bits string) error {
	if err := syncer.CheckText(field, bits, syncer.MaxBitsLength); err != nil {
		return err
	}
	_, err := syncer.ParseBits(bits)
	return err
}
