package shadow

import (
	"slices"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// History is what one game server was shown of one player, oldest first, together
// with what it uploaded itself: all that its copy can have grown from. It exists for
// servers that upload whole copies without saying what they started from.
//
// Such a server does two kinds of uploads. An important one is made in the same
// moment in which an answer that was fetched for it is copied over the server's own
// state; so it starts from a state that was shown on request, and each of those is
// the start of at most one. Every other upload carries on from whatever the server
// took over or uploaded last. Requests and uploads of one server overtake each other.
//
// So an important upload is one of the answers and one change. Where several answers
// fit, the latest is meant: what others changed before it was given is in it, and an
// upload that started from an earlier one would have to undo that. It fits the later
// one as well only if what it changed itself, if anything, is there already, beside one
// change more. In every message that is the same as taking this one back; and since
// people take back more often than two do the same at the same moment, it is read so.
//
// Other uploads are one of the states and the changes under way, seldom more than one.
// Again the latest that fits is meant. It can be the wrong one where an answer that was
// overtaken is taken over last; then no more than counters are in doubt.
//
// A History is a value: its methods return the next one and leave t as it is.
type History struct {
	States  []State   `json:"states"`
	Uploads []Receipt `json:"uploads,omitempty"` // lately, oldest first
}

// State is one entry of a [History].
type State struct {
	View    merge.View `json:"view"`
	At      time.Time  `json:"at"`      // local clock
	Asked   bool       `json:"asked"`   // shown, and no important upload is known to have started from it
	Counted bool       `json:"counted"` // it told the server its counters
	Spent   bool       `json:"spent"`   // a later copy was uploaded: counters do not go on from here
	Doubted bool       `json:"doubted"` // what was counted from here may have been stored already
}

// Receipt remembers one upload.
type Receipt struct {
	Digest [16]byte  `json:"digest"`
	At     time.Time `json:"at"`
}

// Bounds of a history.
const (
	maxStates  = 16
	maxUploads = 16
	// askedFor is how long an important upload may come after the answer it starts
	// from: four arrivals, each with 10 s to connect and 10 s to be answered.
	askedFor = 80 * time.Second
	// atOnce is within what time a repetition follows a broken connection, and no
	// person gives two commands.
	atOnce = 250 * time.Millisecond
)

// maxTime is the largest time that such servers handle: for ever.
const maxTime = 9_999_999_999_999

// Show returns the history after a view was shown on request. What an answer leaves
// out, the server goes on holding as it was.
func (t History) Show(view merge.View, now time.Time) History {
	state := State{View: view, At: now, Asked: true, Counted: view.Stats != nil}
	if len(t.States) > 0 {
		state.View = over(view, t.States[len(t.States)-1].View)
	}
	state.View.UnmuteTime, state.View.UnmarkTime = saturated(view.UnmuteTime), saturated(view.UnmarkTime)
	return t.with(len(t.States), state, now)
}

// over returns v with the values of held where v has none.
func over(v, held merge.View) merge.View {
	if v.Highlight == nil {
		v.Highlight = held.Highlight
	}
	if v.Rainbow == nil {
		v.Rainbow = held.Rainbow
	}
	if v.USID == nil {
		v.USID = held.USID
	}
	if v.Stats == nil {
		v.Stats = held.Stats
	}
	if v.FirstJoined.IsZero() {
		v.FirstJoined = held.FirstJoined
	}
	if v.LastJoined.IsZero() {
		v.LastJoined = held.LastJoined
	}
	return v
}

func saturated(t syncer.Time) syncer.Time {
	if ms, ok := t.Millis(); ok && ms >= maxTime {
		return syncer.Forever
	}
	return t
}

// with returns the history with a state put in at index i, less what can no longer
// be the start of anything.
func (t History) with(i int, state State, now time.Time) History {
	states := slices.Insert(slices.Clone(t.States), i, state)
	states = slices.DeleteFunc(states, func(s State) bool {
		return s.Spent && (!s.Asked || now.Sub(s.At) > askedFor)
	})
	if len(states) > maxStates {
		states = slices.Delete(states, 0, len(states)-maxStates)
	}
	t.States = states
	return t
}

// IsEmpty reports whether the server is not known to hold any state.
func (t History) IsEmpty() bool { return len(t.States) == 0 }

// Doubted returns the history as it is after a crash, when the latest uploads may be
// missing from it: counters are then only raised, never moved by differences that
// may be stored already.
func (t History) Doubted() History {
	t.States = slices.Clone(t.States)
	for i := range t.States {
		t.States[i].Doubted = true
	}
	return t
}

// Used returns when something was last added.
func (t History) Used() time.Time {
	var last time.Time
	for _, s := range t.States {
		if s.At.After(last) {
			last = s.At
		}
	}
	return last
}

// noted returns the history with an upload remembered.
func (t History) noted(u Upload, now time.Time) History {
	uploads := slices.DeleteFunc(slices.Clone(t.Uploads), func(r Receipt) bool { return now.Sub(r.At) > askedFor })
	if len(uploads) == maxUploads {
		uploads = uploads[1:]
	}
	uploads = append(uploads, Receipt{Digest: u.Digest, At: now})
	t.Uploads = uploads
	return t
}

// repeats reports whether an upload was received before and this is the same one,
// sent again for want of an answer.
//
// An important change can come a second time for good: a flag given, taken and
// given again makes two equal uploads. The second one has a fetch of its own, after
// the first was dealt with, whose answer lacks the change. A repetition has not,
// unless another server changed the player in the same moment and this one fetched
// it for something else: repetitions that come at once are therefore never taken
// for new. Between two evils a change that a person made is lost in neither.
func (t History) repeats(u Upload, now time.Time) bool {
	received, known := t.received(u)
	if !known || now.Sub(received) > askedFor {
		return false
	}
	if !u.Important || now.Sub(received) < atOnce {
		return true
	}
	return !slices.ContainsFunc(t.States, func(s State) bool {
		return s.Asked && s.At.After(received) && s.explains(u) && s.difference(u).ImportantChanges() == 1
	})
}

// received returns when an upload was received last.
func (t History) received(u Upload) (at time.Time, known bool) {
	for _, r := range slices.Backward(t.Uploads) {
		if r.Digest == u.Digest {
			return r.At, true
		}
	}
	return time.Time{}, false
}

// start returns the index of the state from which an important upload started, or
// -1 if no state was shown. It is certain unless a change leads there from another
// state as well. Of states that are the same it is the earliest, so that the later
// one is left for its own upload.
func (t History) start(u Upload) (place int, certain bool) {
	chosen, whole := -1, -1
	certain = true
	for i, s := range slices.Backward(t.States) {
		if !s.Asked || !s.explains(u) {
			continue
		}
		switch {
		case isUnchanged(s.difference(u)):
			whole = max(whole, i)
		case chosen < 0:
			chosen = i
		case !s.sameImportant(t.States[chosen]):
			certain = false
		case s.Counted == t.States[chosen].Counted:
			chosen = i
		}
	}
	switch {
	case chosen >= 0:
		return chosen, certain
	case whole >= 0:
		return whole, true
	default:
		return t.nearest(u), true
	}
}

// nearest returns the index of the state shown that an upload differs from least,
// the latest of equals, or -1.
func (t History) nearest(u Upload) int {
	best, least := -1, 0
	for i, s := range t.States {
		if !s.Asked {
			continue
		}
		if distance := merge.Distance(heldBy(s.View, u), u.Save, u.From); best < 0 || distance <= least {
			best, least = i, distance
		}
	}
	return best
}

// explains reports whether an important upload can have started from the state:
// counters are then those of the answer.
func (s State) explains(u Upload) bool {
	counted := s.difference(u).Gamemodes[u.From.Gamemode]
	return s.leadsTo(u) && keepsHistory(s.View, u.Save) && (!s.Counted || len(counted.Stats) == 0)
}

// leadsTo reports whether what is important in an upload is that of the state, but for
// one change at most. Mutes and marks are noted in the history, ranks and flags are not.
func (s State) leadsTo(u Upload) bool {
	edit := s.difference(u)
	noted := len(edit.History) == 1 && !edit.Rank.Set && edit.Flags.IsZero()
	return edit.ImportantChanges() <= 1 && (noted || len(edit.History) == 0)
}

func (s State) difference(u Upload) merge.Edit { return merge.Diff(heldBy(s.View, u), u.Save, u.From) }

// isUnchanged reports whether an edit changes nothing important and notes nothing.
func isUnchanged(e merge.Edit) bool { return e.ImportantChanges()+len(e.History) == 0 }

// sameImportant reports whether both states say the same of what is important.
func (s State) sameImportant(other State) bool {
	held := merge.Save{Scalars: merge.ScalarsOf(other.View.Synced), Flags: syncer.Some(other.View.Flags)}
	return !merge.Diff(s.View, held, syncer.GameServer{}).IsImportant()
}

// held returns the index of the latest state that a copy can have grown from and whose
// counters go on, or -1. One that leads to what is important in the copy comes before
// one that does not, from which it would be several changes under way.
func (t History) held(u Upload) int {
	latest := -1
	for i, s := range slices.Backward(t.States) {
		if !s.goesOn(u) || !Follows(heldBy(s.View, u), u.Save) {
			continue
		}
		if s.leadsTo(u) {
			return i
		}
		latest = max(latest, i)
	}
	return latest
}

// goesOn reports whether counters may go on from the state: a server that was told
// when the player first joined has taken that over.
func (s State) goesOn(u Upload) bool {
	told, sent := s.View.FirstJoined, u.Save.FirstJoined
	return !s.Spent && (told.IsZero() || sent.IsZero() || told == sent)
}

// counting returns the index of the latest state from which the counters of an
// important upload can go on, or -1.
func (t History) counting(u Upload) int {
	for i, s := range slices.Backward(t.States) {
		if s.goesOn(u) && countsOn(s.View, u.Save) {
			return i
		}
	}
	return -1
}
