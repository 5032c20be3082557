// Package syncer is the vocabulary that all of playersync shares: players, bans,
// sessions, balances and the rest of a network's data, with the rules for single
// values. It does no I/O and imports nothing of the project.
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
// How players are changed is in the package merge, how changes are ordered in the
// package changefeed, and what one game's plugin needs beyond that in the package
// named for the game.
package syncer
