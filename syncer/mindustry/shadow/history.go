package shadow

import (
	"slices"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// History holds the states that one game server was shown of one player, oldest first,
// and what the server uploaded itself: everything that its copy can have started from.
// The package comment has an example.
//
// An important upload is one change of a state that was fetched for it, and each such
// state is the start of at most one upload. Where several states fit, the latest is
// taken: it includes what other servers changed before, and from an earlier one the
// upload would have to undo that.
//
// Every other upload carries on from what the server took over or uploaded last, with
// at most a few changes that are still under way. Again the latest state that fits is
// taken. It is the wrong one only if the server takes over an older answer last; then
// no more than counters are in doubt.
//
// A History is a value: its methods return the next one and leave h as it is.
type History struct {
	States  []State   `json:"states"`
	Uploads []Receipt `json:"uploads,omitempty"` // the latest ones, oldest first, each once
}

// State is one entry of a [History].
type State struct {
	View merge.View `json:"view"`
	At   time.Time  `json:"at"` // local clock
	// Open: it answered a fetch, and no important upload is known to have started from it.
	Open bool `json:"open"`
	// HasCounters: the answer had the counters of the server's gamemode.
	HasCounters bool `json:"hasCounters"`
	// Superseded: a later copy was uploaded, and counters continue from that one.
	Superseded bool `json:"superseded"`
	// Doubted: what was counted since may be stored already; see [History.Doubted].
	Doubted bool `json:"doubted"`
}

// Receipt remembers an upload.
type Receipt struct {
	Digest [16]byte  `json:"digest"`
	At     time.Time `json:"at"`
	Lost   bool      `json:"lost,omitempty"` // its answer could not be written
}

// Bounds of a history.
const (
	maxStates  = 16
	maxUploads = 16
	// openFor is how long after an answer an important upload may start from it: four
	// attempts, each with 10 s to connect and 10 s to be answered.
	openFor = 80 * time.Second
)

// maxTime is the time by which such servers mean "for ever".
const maxTime = 9_999_999_999_999

// Show returns the history after a fetch was answered with a view. The server keeps its
// own value of what the answer leaves out, and knows no reasons of mutes.
func (h History) Show(view merge.View, now time.Time) History {
	state := State{View: view, At: now, Open: true, HasCounters: view.Stats != nil}
	if len(h.States) > 0 {
		state.View = over(view, h.States[len(h.States)-1].View)
	}
	state.View.MuteReason = ""
	state.View.UnmuteTime, state.View.UnmarkTime = saturated(view.UnmuteTime), saturated(view.UnmarkTime)
	return h.with(len(h.States), state, now)
}

// over returns v, with the values of held for the fields that an answer cannot clear.
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

// with returns the history with a state inserted at index i and without the states that
// no upload can start from any more.
func (h History) with(i int, state State, now time.Time) History {
	states := slices.Insert(slices.Clone(h.States), i, state)
	states = slices.DeleteFunc(states, func(s State) bool {
		return s.Superseded && (!s.Open || now.Sub(s.At) > openFor)
	})
	if len(states) > maxStates {
		states = slices.Delete(states, 0, len(states)-maxStates)
	}
	h.States = states
	return h
}

// IsEmpty reports whether no state is known that the server may hold.
func (h History) IsEmpty() bool { return len(h.States) == 0 }

// Doubted returns the history for use after a crash, when the latest uploads may be
// missing from it. Differences of counters may then be stored already, so counters are
// only raised to the uploaded values.
func (h History) Doubted() History {
	h.States = slices.Clone(h.States)
	for i := range h.States {
		h.States[i].Doubted = true
	}
	return h
}

// Used returns when the latest state was added.
func (h History) Used() time.Time {
	var last time.Time
	for _, s := range h.States {
		if s.At.After(last) {
			last = s.At
		}
	}
	return last
}

// noted returns the history after an upload was received that repeats no other.
func (h History) noted(u Upload, now time.Time) History {
	uploads := slices.DeleteFunc(slices.Clone(h.Uploads), func(r Receipt) bool {
		return r.Digest == u.Digest || now.Sub(r.At) > openFor
	})
	if len(uploads) == maxUploads {
		uploads = uploads[1:]
	}
	uploads = append(uploads, Receipt{Digest: u.Digest, At: now})
	h.Uploads = uploads
	return h
}

// Unanswered returns the history after the answer of an upload could not be written: the
// server sends that upload again.
func (h History) Unanswered(digest [16]byte) History { return h.withLost(digest, true) }

func (h History) withLost(digest [16]byte, lost bool) History {
	h.Uploads = slices.Clone(h.Uploads)
	for i := range h.Uploads {
		if h.Uploads[i].Digest == digest {
			h.Uploads[i].Lost = lost
		}
	}
	return h
}

// repeats reports whether an upload was received before and is sent again. It surely is
// if the first answer was lost.
//
// Two commands may also make equal uploads: a flag that is given, taken and given again.
// Before the second one the server fetches again, and that answer lacks the change. So an
// important upload is a new change if there is a later answer from which it is one change.
func (h History) repeats(u Upload, now time.Time) bool {
	i := slices.IndexFunc(h.Uploads, func(r Receipt) bool { return r.Digest == u.Digest })
	if i < 0 || now.Sub(h.Uploads[i].At) > openFor {
		return false
	}
	if !u.Important || h.Uploads[i].Lost {
		return true
	}
	return !slices.ContainsFunc(h.States, func(s State) bool {
		return s.Open && s.At.After(h.Uploads[i].At) && s.fits(u) && s.difference(u).ImportantChanges() == 1
	})
}

// start returns the index of the state from which an important upload started, or -1 if
// no state was shown. It is certain unless the upload is one change of another, different
// state as well. Of equal states it is the earliest, so that the later one remains for
// its own upload.
func (h History) start(u Upload) (place int, certain bool) {
	chosen, whole := -1, -1
	certain = true
	for i, s := range slices.Backward(h.States) {
		if !s.Open || !s.fits(u) {
			continue
		}
		switch {
		case isUnchanged(s.difference(u)):
			whole = max(whole, i)
		case chosen < 0:
			chosen = i
		case !s.sameImportant(h.States[chosen]):
			certain = false
		case s.HasCounters == h.States[chosen].HasCounters:
			chosen = i
		}
	}
	switch {
	case chosen >= 0:
		return chosen, certain
	case whole >= 0:
		return whole, true
	default:
		return h.nearest(u), true
	}
}

// nearest returns the index of the state shown that an upload differs from least,
// the latest of equals, or -1.
func (h History) nearest(u Upload) int {
	best, least := -1, 0
	for i, s := range h.States {
		if !s.Open {
			continue
		}
		if distance := merge.Distance(heldBy(s.View, u), u.Save, u.From); best < 0 || distance <= least {
			best, least = i, distance
		}
	}
	return best
}

// fits reports whether an important upload can have started from the state: then its
// counters are those of the answer.
func (s State) fits(u Upload) bool {
	counted := s.difference(u).Gamemodes[u.From.Gamemode]
	equal := len(counted.Stats)+len(counted.AtLeast) == 0
	return s.leadsTo(u) && keepsHistory(s.View, u.Save) && (!s.HasCounters || equal)
}

// leadsTo reports whether the important fields of an upload are those of the state and at
// most one change. Mutes and marks add a history entry; changes of rank and flags do not.
func (s State) leadsTo(u Upload) bool {
	edit := s.difference(u)
	noted := len(edit.History) == 1 && !edit.Rank.Set && edit.Flags.IsZero()
	return edit.ImportantChanges() <= 1 && (noted || len(edit.History) == 0)
}

func (s State) difference(u Upload) merge.Edit { return merge.Diff(heldBy(s.View, u), u.Save, u.From) }

// isUnchanged reports whether an edit has no important change and no history entry.
func isUnchanged(e merge.Edit) bool { return e.ImportantChanges()+len(e.History) == 0 }

// sameImportant reports whether rank, flags, mute and mark of both states are equal.
func (s State) sameImportant(other State) bool {
	held := merge.Save{Scalars: merge.ScalarsOf(other.View.Synced), Flags: syncer.Some(other.View.Flags)}
	return !merge.Diff(s.View, held, syncer.GameServer{}).IsImportant()
}

// held returns the index of the state that a copy continues, or -1. It is the latest that
// the copy can have grown from, whose counters continue and from which the important
// fields differ by at most one change; without such a state, the latest of the others.
func (h History) held(u Upload) int {
	latest := -1
	for i, s := range slices.Backward(h.States) {
		if !s.countersContinue(u) || !Follows(heldBy(s.View, u), u.Save) {
			continue
		}
		if s.leadsTo(u) {
			return i
		}
		latest = max(latest, i)
	}
	return latest
}

// countersContinue reports whether an upload's counters continue those of the state. A
// server that was shown when the player first joined has taken that time over.
func (s State) countersContinue(u Upload) bool {
	shown, sent := s.View.FirstJoined, u.Save.FirstJoined
	return !s.Superseded && (shown.IsZero() || sent.IsZero() || shown == sent)
}

// counting returns the index of the latest state whose counters an important upload can
// continue, or -1.
func (h History) counting(u Upload) int {
	for i, s := range slices.Backward(h.States) {
		if s.countersContinue(u) && countsOn(s.View, u.Save) {
			return i
		}
	}
	return -1
}
