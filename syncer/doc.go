// Package syncer is the domain of playersync: players, bans and the rules by
// which servers share them. It does no I/O and imports nothing of the project.
//
// # What is kept
//
// A [Player] is one row of the database together with its history. Its fields
// fall into classes, and the class alone decides how a field is stored, merged
// and spread:
//
//   - immutable: the [PlayerID].
//   - important (rank, flags, unmute and unmark time, attributes): a change is
//     applied to the current row in one atomic step and pushed to every server.
//   - unimportant (name, highlight, rainbow, history, …): changed in memory,
//     stored periodically and when the player leaves.
//   - unsynced (counters, join times by gamemode; usid by address): stored
//     centrally, but each [GameServer] sees and writes only its own entry.
//
// # How it is changed
//
// Nobody writes a whole player. Every write is an [Edit]: the differences that
// one server wants applied to whatever the row holds by then. [Diff] finds the
// edit in a saved copy by comparing it with the [View] the server was shown
// (three-way merge); [Edit.Apply] applies it; [Edit.Then] joins two. The
// database applies the same rule in the SQL function player_edited; a property
// test holds the two equal.
//
// # How a change is ordered
//
// Neither wall clocks nor sequences order changes, because transactions become
// visible in another order than either. A [Snapshot] says exactly which
// transactions a read has seen; a [Change] names the transaction that made it.
// A copy is current up to the snapshot it was read at, and of two reads of one
// row the one with the newer snapshot wins. Revisions, drawn from one sequence
// under the row's lock, order the changes of a single row.
package syncer
