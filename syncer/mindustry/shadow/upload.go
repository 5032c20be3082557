package shadow

import (
	"slices"
	"strings"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry"
)

// Upload is a whole copy of a player as a game server holds it. See [History].
type Upload struct {
	From syncer.GameServer
	Save merge.Save
	// Important says that an important field was changed and is to be stored. Without it
	// the important fields of the copy are ignored.
	Important bool
	Digest    [16]byte // of everything above: equal uploads are equal
	// Knows reports whether these servers understand a rank or a flag beyond those that
	// every version of the plugin does; nil knows none.
	Knows func(name string) bool
}

// Outcome is how an upload was read.
type Outcome struct {
	Edit     merge.Edit
	Repeated bool // received before; Edit changes nothing
	// Unsynced says that the copy started from no known state, or is older than a copy
	// received before. Only additions were taken of it.
	Unsynced bool
	// USIDRefused says that the upload had another proof of identity for a privileged
	// player, and the stored one was kept.
	USIDRefused bool
}

// Receive finds what an upload changes and returns the history after it. The current
// view is the player as it is stored, nil if that is not known. Whoever cannot write the
// answer says so by [History.Unanswered].
func (h History) Receive(current *merge.View, u Upload, now time.Time) (Outcome, History) {
	if h.repeats(u, now) {
		return Outcome{Repeated: true}, h.withLost(u.Digest, false) // the next equal one is judged anew
	}
	var outcome Outcome
	next := h.noted(u, now)
	if u.Important {
		outcome, next = next.receiveImportant(current, u, now)
	} else {
		outcome, next = next.receiveCopy(current, u, now)
	}
	if outcome.Edit.Achievements.Value == nil {
		outcome.Edit.Achievements = syncer.Optional[*string]{} // bits are only ever added
	}
	return outcome, next
}

// receiveImportant takes the differences to the state that was fetched for the change.
// Without such a state the copy is stored as given.
func (h History) receiveImportant(current *merge.View, u Upload, now time.Time) (Outcome, History) {
	place, certain := h.start(u)
	counting := h.counting(u)
	var base merge.View
	var outcome Outcome
	switch {
	case place >= 0:
		base = heldBy(h.States[place].View, u)
		outcome.Edit = merge.Diff(base, u.Save, u.From)
	case current != nil:
		base = heldBy(*current, u)
		outcome.Edit = merge.DiffUnseen(base, u.Save, u.From)
	default:
		base = merge.ViewOf(syncer.NewPlayer(""), u.From)
		outcome.Edit = merge.DiffUnseen(base, u.Save, u.From)
	}
	h.States = slices.Clone(h.States)
	if place >= 0 && certain {
		h.States[place].Open = false
	}
	switch {
	case place >= 0 && h.States[place].HasCounters:
		outcome.Edit = withGamemode(outcome.Edit, u.From, h.States[place].countedOn(u.Save))
		h.States[place].Superseded = h.States[place].Superseded || certain
	case counting >= 0: // the answer left the counters out: they go on from what the server held
		outcome.Edit = withGamemode(outcome.Edit, u.From, h.States[counting].countedOn(u.Save))
		h.supersede(counting)
		place = max(place, counting)
	case place >= 0: // a later copy was counted already
		outcome.Edit = withGamemode(outcome.Edit, u.From, harmless(u).Gamemodes[u.From.Gamemode])
	}
	outcome.USIDRefused = keepUSID(&outcome.Edit, current, u)
	state := State{View: base.Saved(u.Save), At: now}
	if outcome.USIDRefused {
		state.View.USID = base.USID
	}
	if place < 0 {
		place = len(h.States) - 1
	}
	return outcome, h.with(place+1, state, now)
}

// receiveCopy takes what the server counted and changed in memory since the state that
// the copy continues.
func (h History) receiveCopy(current *merge.View, u Upload, now time.Time) (Outcome, History) {
	place := h.held(u)
	var base merge.View
	var outcome Outcome
	switch {
	case place >= 0 && h.States[place].Doubted:
		base = heldBy(h.States[place].View, u)
		outcome.Edit = merge.DiffUnseen(base, u.Save, u.From)
	case place >= 0:
		base = heldBy(h.States[place].View, u)
		outcome.Edit = merge.Diff(base, u.Save, u.From)
	case !h.IsEmpty() || current != nil && !Follows(heldBy(*current, u), u.Save):
		refused := usidDiffers(current, u) && !mayChangeUSID(current, u)
		outcome = Outcome{Edit: harmless(u), Unsynced: true, USIDRefused: refused}
		return outcome, h
	case current != nil:
		base = heldBy(*current, u)
		outcome.Edit = merge.DiffUnseen(base, u.Save, u.From)
	default:
		base = merge.ViewOf(syncer.NewPlayer(""), u.From)
		outcome.Edit = merge.DiffUnseen(base, u.Save, u.From)
	}
	outcome.Edit = outcome.Edit.WithoutImportant()
	outcome.Edit.OverrideName = syncer.Optional[*string]{} // set elsewhere and only echoed by copies
	outcome.USIDRefused = keepUSID(&outcome.Edit, current, u)
	state := State{View: base.Saved(u.Save), At: now}
	if outcome.USIDRefused {
		state.View.USID = base.USID
	}
	h.States = slices.Clone(h.States)
	h.supersede(place)
	return outcome, h.with(place+1, state, now)
}

// supersede marks the states up to index i. The caller owns h.States.
func (h History) supersede(i int) {
	for k := range h.States[:i+1] {
		h.States[k].Superseded = true
	}
}

// Follows reports whether a copy can have grown from a state: values that only grow are at
// least as large, and values that only shrink at most as large. A copy that was never
// brought in line with the database does not follow: it counts from zero, and has no
// history and the rank of a newcomer.
func Follows(shown merge.View, saved merge.Save) bool {
	if !countsOn(shown, saved) {
		return false
	}
	// The time of the last join tells nothing: clocks of servers differ.
	first := saved.FirstJoined
	if !shown.FirstJoined.IsZero() && !first.IsZero() && syncer.Earliest(first, shown.FirstJoined) != first {
		return false
	}
	takenOver := !shown.FirstJoined.IsZero() && first == shown.FirstJoined // from the database
	if !takenOver && saved.Rank.Set && saved.Rank.Value == syncer.DefaultRank && shown.Rank != syncer.DefaultRank {
		return false
	}
	return keepsHistory(shown, saved) && keepsBits(shown, saved)
}

// countsOn reports whether no counter of a copy is below what was shown.
func countsOn(shown merge.View, saved merge.Save) bool {
	for name, count := range shown.Stats {
		if got, sent := saved.Stats[name]; sent && got < count {
			return false
		}
	}
	return true
}

// keepsHistory reports whether a copy has all entries that were shown, or says
// nothing of history.
func keepsHistory(shown merge.View, saved merge.Save) bool {
	if saved.History == nil {
		return true
	}
	cut := func(entry syncer.HistoryEntry) syncer.HistoryEntry {
		if author := []rune(entry.By); len(author) > mindustry.MaxAuthorLength {
			entry.By = string(author[:mindustry.MaxAuthorLength])
		}
		return entry
	}
	kept := make(map[syncer.HistoryEntry]bool, len(saved.History))
	for _, entry := range saved.History {
		kept[cut(entry)] = true
	}
	return !slices.ContainsFunc(shown.History, func(entry syncer.HistoryEntry) bool { return !kept[cut(entry)] })
}

func keepsBits(shown merge.View, saved merge.Save) bool {
	if !saved.Achievements.Set || shown.Achievements == nil {
		return true
	}
	before, err := syncer.ParseBits(*shown.Achievements)
	if err != nil || len(before) == 0 {
		return true
	}
	var sent string
	if saved.Achievements.Value != nil {
		sent = *saved.Achievements.Value
	}
	after, err := syncer.ParseBits(sent)
	return err == nil && after.Contains(before)
}

// harmless is what may be taken of a copy that started from no known state, or comes
// late: sets are united, join times widened and counters only raised.
func harmless(u Upload) merge.Edit {
	e := merge.Edit{History: u.Save.History}
	if u.Save.Achievements.Value != nil {
		e.Achievements = u.Save.Achievements
	}
	g := merge.GamemodeEdit{FirstJoined: u.Save.FirstJoined, LastJoined: u.Save.LastJoined, AtLeast: u.Save.Stats}
	if !g.IsZero() {
		e.Gamemodes = map[string]merge.GamemodeEdit{u.From.Gamemode: g}
	}
	return e
}

// countedOn is what a copy counted since the state. If a counter is below the state's,
// the copy did not start there, and counters are only raised.
func (s State) countedOn(saved merge.Save) merge.GamemodeEdit {
	g := merge.DiffGamemode(s.View, saved)
	if len(g.AtLeast) > 0 || s.Doubted && len(g.Stats) > 0 {
		g.Stats, g.AtLeast = nil, saved.Stats
	}
	return g
}

func withGamemode(e merge.Edit, s syncer.GameServer, g merge.GamemodeEdit) merge.Edit {
	e.Gamemodes = nil
	if !g.IsZero() {
		e.Gamemodes = map[string]merge.GamemodeEdit{s.Gamemode: g}
	}
	return e
}

// keepUSID drops a change of the proof of identity that is not allowed, and reports
// whether it did.
func keepUSID(e *merge.Edit, current *merge.View, u Upload) bool {
	if len(e.Addresses) == 0 || mayChangeUSID(current, u) {
		return false
	}
	e.Addresses = nil
	return true
}

// mayChangeUSID reports whether an upload may change the proof of identity. A stranger who
// connects with another player's id, and leaves before the server has fetched the player,
// uploads the stranger's own proof, with the rank of a newcomer. So for a privileged
// player the proof is taken only from a server that knows the rank.
func mayChangeUSID(current *merge.View, u Upload) bool {
	if current == nil {
		return false // the rank is not known
	}
	return merge.KnowsRank(*current, u.Save)
}

func usidDiffers(current *merge.View, u Upload) bool {
	return current != nil && len(merge.Diff(*current, merge.Save{USID: u.Save.USID}, u.From).Addresses) > 0
}

// heldBy returns the view as the server that sent the copy took it over. The server drops
// ranks and flags that it does not know, and so cannot have changed them.
func heldBy(v merge.View, u Upload) merge.View {
	knows := func(name string, all []string) bool {
		return slices.Contains(all, name) || u.Knows != nil && u.Knows(name)
	}
	if u.Save.Rank.Value == syncer.DefaultRank && !knows(v.Rank, pluginRanks) {
		v.Rank = syncer.DefaultRank
	}
	if flags := u.Save.Flags; flags.Set {
		v.Flags = slices.DeleteFunc(slices.Clone(v.Flags), func(flag string) bool {
			return !knows(flag, pluginFlags) && !slices.Contains(flags.Value, flag)
		})
	}
	return v
}

// The names that servers which upload whole copies know; see [heldBy].
var (
	pluginRanks = strings.Fields("player active trusted mod admin manager pi fish")
	pluginFlags = []string{"developer", "map analyst", "member", "illusionist", "map expert", "no_effects"}
)
