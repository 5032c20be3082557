// Package cache keeps exact copies of rows in memory: [Players], some of the
// players, and [Bans], all open bans. It does no I/O of its own. It receives
// changes from the feed and the results of this sidecar's own writes, in any order,
// and decides what each means for the copies.
//
// A reading is a row as one SELECT, or one own write, returned it, with its snapshot:
// a [changefeed.VersionedPlayer].
//
// # What orders changes
//
// A change arrives up to three times: as a row in a notification, through the
// cursor at the next poll, and, if it is this sidecar's own, as the result of the
// write. Each of these may come late, twice, or before the others. Neither a clock nor
// the order of arrival decides which state is newer; only these rules do:
//
//   - A reading includes exactly the transactions that its [changefeed.Snapshot]
//     sees, and its own Xid. Of two readings the newer snapshot wins.
//   - Of rows of one player the higher revision is newer: it is drawn under the
//     row's lock.
//   - History only grows. Only an administrator removes entries, and such a change
//     always asks for a read.
//
// # Players
//
// A copy is a reading, and over it the changes that were received since and that the
// reading does not include:
//
//   - the row that a notification carried, if its revision is higher;
//   - history entries that notifications carried, united into the history;
//   - the result of an own write. A write returns the row as it left it, including
//     everything that others did before it got the lock, but the history as its older
//     snapshot saw it.
//
// A newer reading replaces the old one, and the changes that it includes are dropped.
// So an acknowledged write stays visible, in every reading that includes it or over
// every reading that does not, until a newer state replaces it. What memory alone
// cannot decide is answered with [changefeed.NeedsRead]: a change without a row, a row
// for a player known not to exist, writes whose order is unknown.
//
// An id is in one of these states:
//
//	unknown    nothing is kept and changes are ignored
//	held       somebody holds it, but there is no copy yet: the feed should read it
//	in flight  a fetch or a reading by the feed is under way; changes are collected
//	cached     there is a copy, perhaps of the fact that there is no such row
//
// A fetch is registered before its SELECT, hence every change that its snapshot
// does not see arrives afterwards and is collected. When the fetch returns, the
// collected rows are put over its result. If a change arrived without its row and the
// result does not include it, the player is fetched again.
//
// Only copies that nobody holds are evicted, those long unused first, and never
// while a fetch for them runs.
//
// # Balances
//
// A player's balances are kept beside its copy: a reading, and over it the rows that
// notifications carried. They have snapshots of their own, because results of own
// writes of players do not include them. Within one currency the higher revision is
// newer; it is drawn under the row's lock like a player's. Own changes of balances
// arrive as changes with rows. A deleted balance arrives as a key, and is read.
//
// # How stale a copy may be
//
// A copy lags behind its row by the time a notification takes; where one was
// lost, until the next poll. The unsynced maps are as old as the last reading or own
// write, since notifications never carry them. While the database cannot be reached,
// copies stay as they are; the feed knows their age. After [Players.Reset], held
// copies are still served until they are read again, however old they are.
//
// # Bans
//
// The set equals the rows as of a cursor. Most bans have neither a revision nor a
// snapshot in memory; only for targets that changed since the cursor the set keeps
// what was read and received, and [Bans.Advance] drops it once the cursor covers it.
// The rules are those of players, with two differences: a row is the target's whole
// state, and a row that comes after one of a higher revision asks for a read, because
// successive bans of one target are different rows that do not share a lock.
//
// # Trust
//
// A notification is a hint. The feed calls Distrust for a change that came with one and
// that its next poll does not find; the reading that follows replaces it whatever its
// transaction and its revision. Readings must be of the current epoch: in place of the result of a write that
// began before a reset, [Players.Outdate] and [Bans.Assume] are called after it.
package cache
