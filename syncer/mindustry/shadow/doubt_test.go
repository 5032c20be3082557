package shadow_test

import (
	"slices"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// origin names what the memory of a server grew from: an answer, by its index, or the
// upload, by its number, that was made after the answer was taken over.
type origin struct {
	answer, upload int
}

// after reports whether o is later.
func (o origin) after(other origin) bool {
	return o.answer > other.answer || o.answer == other.answer && o.upload > other.upload
}

// shown is a state of which the backend knows that a server holds it or may do so.
type shown struct {
	origin
	view     merge.View
	uploaded bool // an answer, and the important upload that started from it was received
}

// judge notes whether an upload that arrives could mean something else as well, with
// the same messages before it: whether it grew from one state and fits a later one
// too. An important upload does if its own change, if any, is in the later answer
// already, beside one other that it seems to take back. A copy does if it differs from
// the later state by no more than one change, which may be under way; then what was
// counted is in doubt, if the counters of the states differ.
func (w *copyWorld) judge(s *copyServer, m message) {
	states := slices.Concat(s.shown, s.sent)
	held := s.shown[m.start.answer].view
	if i := slices.IndexFunc(s.sent, func(sent shown) bool { return sent.origin == m.start }); i >= 0 {
		held = s.sent[i].view // else that upload is still on its way
	}
	own := merge.Diff(held, *m.upload, s.GameServer)
	for _, later := range states {
		e := merge.Diff(later.view, *m.upload, s.GameServer)
		count := e.Gamemodes[s.Gamemode].Stats["blocks"]
		united := syncer.UniteHistory(later.view.History, m.upload.History)
		fits := isOneCommand(e) && later.after(m.start) || !isOneCommand(own)
		switch {
		case later.uploaded || len(united) > len(m.upload.History) || !fits:
		case !m.important && count >= 0 && count != m.counted:
			w.uncountable[s.Gamemode] = true
		case m.important && later.upload == 0 && (count == 0 || later.view.Stats == nil) && changed(e) == 1 &&
			!sameChange(e, own):
			w.undecidable = true
		}
	}
	if m.important {
		s.shown[m.start.answer].uploaded = true
	}
	left := held
	left.Rank, left.Flags = m.upload.Rank.Value, m.upload.Flags.Value
	left.UnmuteTime, left.UnmarkTime = m.upload.UnmuteTime.Value, m.upload.UnmarkTime.Value
	left.History, left.Stats = m.upload.History, m.upload.Stats
	s.sent = append(s.sent, shown{origin: m.made, view: left})
}

// isOneCommand reports whether an edit is what at most one command does.
func isOneCommand(e merge.Edit) bool {
	return changed(e) <= 1 && (len(e.History) == 0 || len(e.History) == 1 && !e.Rank.Set && e.Flags.IsZero())
}

// changed counts what an edit changes of the important.
func changed(e merge.Edit) int {
	n := len(e.Flags.Add) + len(e.Flags.Remove)
	for _, set := range []bool{e.Rank.Set, e.UnmuteTime.Set, e.UnmarkTime.Set} {
		if set {
			n++
		}
	}
	return n
}

// sameChange reports whether two edits do the same to what is important.
func sameChange(a, b merge.Edit) bool {
	return a.Rank == b.Rank && a.UnmuteTime == b.UnmuteTime && a.UnmarkTime == b.UnmarkTime &&
		slices.Equal(a.Flags.Add, b.Flags.Add) && slices.Equal(a.Flags.Remove, b.Flags.Remove)
}
