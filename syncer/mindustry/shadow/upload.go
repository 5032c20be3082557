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
	// Important says that something important was changed and is to be stored;
	// otherwise what the copy says of it is not meant.
	Important bool
	Digest    [16]byte // of everything above: equal uploads are equal
	// Knows reports whether servers of this kind are known to understand a rank or a
	// flag beyond those that all of them do; nil knows none.
	Knows func(name string) bool
}

// Outcome is what an upload comes to.
type Outcome struct {
	Edit     merge.Edit
	Repeated bool // received before; Edit changes nothing
	// Unsynced says that the copy did not grow from any state of the database that
	// is known, or is older than a copy received before: only what cannot do harm
	// was taken of it.
	Unsynced bool
	// USIDRefused says that the proof of identity of a privileged player would have
	// changed and was kept.
	USIDRefused bool
}

// Receive finds what an upload changes and returns the history after it. The current
// view is the player as it is stored, nil if that is not known.
func (t History) Receive(current *merge.View, u Upload, now time.Time) (Outcome, History) {
	if t.repeats(u, now) {
		return Outcome{Repeated: true}, t
	}
	var outcome Outcome
	next := t.noted(u, now)
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

// receiveImportant takes the differences to the state that was fetched for the
// change. Without one the copy is stored as given.
func (t History) receiveImportant(current *merge.View, u Upload, now time.Time) (Outcome, History) {
	place, certain := t.start(u)
	counting := t.counting(u)
	var base merge.View
	var outcome Outcome
	switch {
	case place >= 0:
		base = heldBy(t.States[place].View, u)
		outcome.Edit = merge.Diff(base, u.Save, u.From)
	case current != nil:
		base = heldBy(*current, u)
		outcome.Edit = merge.DiffUnseen(base, u.Save, u.From)
	default:
		base = merge.ViewOf(syncer.NewPlayer(""), u.From)
		outcome.Edit = merge.DiffUnseen(base, u.Save, u.From)
	}
	t.States = slices.Clone(t.States)
	if place >= 0 && certain {
		t.States[place].Asked = false
	}
	switch {
	case place >= 0 && t.States[place].Counted:
		outcome.Edit = withGamemode(outcome.Edit, u.From, t.States[place].countedOn(u.Save))
		t.States[place].Spent = t.States[place].Spent || certain
	case counting >= 0: // the answer left the counters out: they go on from what the server held
		outcome.Edit = withGamemode(outcome.Edit, u.From, t.States[counting].countedOn(u.Save))
		t.spend(counting)
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
		place = len(t.States) - 1
	}
	return outcome, t.with(place+1, state, now)
}

// receiveCopy takes what was counted and changed in memory since the state that the
// copy grew from.
func (t History) receiveCopy(current *merge.View, u Upload, now time.Time) (Outcome, History) {
	place := t.held(u)
	var base merge.View
	var outcome Outcome
	switch {
	case place >= 0 && t.States[place].Doubted:
		base = heldBy(t.States[place].View, u)
		outcome.Edit = merge.DiffUnseen(base, u.Save, u.From)
	case place >= 0:
		base = heldBy(t.States[place].View, u)
		outcome.Edit = merge.Diff(base, u.Save, u.From)
	case !t.IsEmpty() || current != nil && !Follows(heldBy(*current, u), u.Save):
		outcome = Outcome{Edit: harmless(u), Unsynced: true, USIDRefused: usidDiffers(current, u) && !mayChangeUSID(current, u)}
		return outcome, t
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
	t.States = slices.Clone(t.States)
	t.spend(place)
	return outcome, t.with(place+1, state, now)
}

// spend marks the states up to index i. The caller owns t.States.
func (t History) spend(i int) {
	for k := range t.States[:i+1] {
		t.States[k].Spent = true
	}
}

// Follows reports whether a copy can have grown from a state: what only grows is at
// least as large, what only shrinks at most. A copy that was never brought in line
// with the database does not follow: it was counted from zero, has no history and
// the rank of a newcomer.
func Follows(shown merge.View, saved merge.Save) bool {
	if !countsOn(shown, saved) {
		return false
	}
	// The time of the last join tells nothing: clocks of servers differ.
	if first := saved.FirstJoined; !shown.FirstJoined.IsZero() && syncer.Earliest(first, shown.FirstJoined) != first && !first.IsZero() {
		return false
	}
	taken := !shown.FirstJoined.IsZero() && saved.FirstJoined == shown.FirstJoined // over from the database, then
	if !taken && saved.Rank.Set && saved.Rank.Value == syncer.DefaultRank && shown.Rank != syncer.DefaultRank {
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

// harmless is what may be taken of a copy that started from nowhere known, or
// comes late: sets are united, join times widened and counters only raised.
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

// countedOn is what a copy counted since the state. Where it cannot have grown from
// there, counters are only ever raised.
func (s State) countedOn(saved merge.Save) merge.GamemodeEdit {
	g := merge.DiffGamemode(s.View, saved)
	lower := false
	for _, difference := range g.Stats {
		lower = lower || difference < 0
	}
	if lower || s.Doubted && len(g.Stats) > 0 {
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

// mayChangeUSID reports whether an upload may change the proof of identity. Whoever
// connects by another's id and leaves before the server knows him uploads his own,
// with the rank of a newcomer. For a privileged player it is therefore taken only
// from a server that knows the rank.
func mayChangeUSID(current *merge.View, u Upload) bool {
	if current == nil {
		return false // who it is cannot be told
	}
	return !isPrivileged(current.Rank) || u.Save.Rank.Set && u.Save.Rank.Value == current.Rank
}

func usidDiffers(current *merge.View, u Upload) bool {
	return current != nil && len(merge.Diff(*current, merge.Save{USID: u.Save.USID}, u.From).Addresses) > 0
}

// heldBy returns the view as the server that sent the copy took it over: ranks and
// flags that it does not know it dropped, and cannot have changed.
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

// isPrivileged reports whether a rank is worth pretending to be somebody else: any
// but the first two.
func isPrivileged(rank string) bool { return rank != syncer.DefaultRank && rank != "active" }
