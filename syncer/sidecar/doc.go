// Package sidecar holds the use-cases: everything that a game server can ask of
// the sidecar beside it. The HTTP packages only translate.
//
// # Where a player's state is
//
// The row in the database is the truth; the cache holds a copy that the feed
// keeps current; on top of it lie the edits of this sidecar that are not stored
// yet. What a server is shown is all three, seen through [merge.ViewOf].
// Nothing is ever written from the cache: every write is a [merge.Edit].
//
// # When an edit is stored
//
//   - Important fields, and history that comes with them: at once, in one atomic
//     statement; the caller waits and gets 503 if the database is away.
//   - Everything else: held in memory, stored in batches every FlushInterval
//     (default 5 s), when the player leaves, and on shutdown.
//   - A leave is acknowledged when its edits are in the database or, while that
//     is away, durable on disk in the outbox. The outbox is sent in order as soon
//     as the database is back; each batch carries an id that the database
//     remembers, so it is stored exactly once even if an answer was lost.
//   - While the outbox holds anything, later batches queue behind it: a newer
//     value is never overwritten by an older one.
//
// # Visits
//
// A join, a kick and a leave are counted by a [syncer.Visit] inside the edit: they
// are stored in the transaction of the batch, under its id, and so exactly once. A
// join of a banned player is none.
//
// # What a save is compared with
//
// A few states of a player that each program was shown, in the name of a game server, are
// remembered while the player is on that server. A leave is compared with those that its
// sender was shown (three-way merge, [merge.DiffShown]); without any, for example after a
// restart of the sidecar, with the current row. Counters are never lowered.
package sidecar
