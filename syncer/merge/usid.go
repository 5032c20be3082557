package merge

import "playersync/syncer"

// KeepsUSID reports whether the stored proof of identity must stay although a save has another.
// A stranger who comes with another player's id brings a proof of the stranger's own: for a
// privileged player it is not taken in place of the stored one unless the save names the rank.
func KeepsUSID(current View, save Save) bool {
	replaces := save.USID.Set && current.USID != nil && !sameValue(current.USID, save.USID.Value)
	return replaces && !KnowsRank(current, save)
}

// KnowsRank reports whether a save names the player's rank, or the rank has no rights that a
// stranger could want: those are the first two.
func KnowsRank(current View, save Save) bool {
	privileged := current.Rank != syncer.DefaultRank && current.Rank != "active"
	return !privileged || save.Rank.Set && save.Rank.Value == current.Rank
}
