// Package cache keeps exact copies of rows in memory: [Players], some of the
// players, and [Bans], all open bans. It does no I/O of its own. The feed and the
// writes of this sidecar tell it what happens; it decides what that means for
// the copies, whatever the order in which it is told.
//
// # What orders changes
//
// A change is told up to three times: by its row in a notification, by the
// cursor at the next poll, and, if it is this sidecar's own, by the result of the
// write. Any of these may come late, twice, or before the other. No clock and no
// order of arrival decides; only these do:
//
//   - A reading includes exactly the transactions that its [changefeed.Snapshot]
//     sees, and its own Xid. Of two readings the newer snapshot wins.
//   - Of rows of one player the higher revision is newer: it is drawn under the
//     row's lock.
//   - History only grows, but for removals by hand, which always ask for a read.
//
// # Players
//
// A copy is a reading with everything on top that was heard of since and that
// the reading does not include:
//
//   - the row that travelled, if its revision is higher;
//   - history entries that travelled, united into the history;
//   - the result of an own write. A write returns the row as it left it, with all
//     that others had done before it got the lock, but the history as its older
//     snapshot saw it.
//
// A newer reading takes the old one's place underneath, and what it includes
// falls away from the top. So an acknowledged write is visible from then on, in
// every reading that has it or over every reading that has not, until a newer
// state replaces it. What cannot be settled in memory is answered with
// [changefeed.NeedsRead]: a change without a row, a row for a player known not
// to exist, writes whose order nobody can tell.
//
// An id is in one of these states:
//
//	unknown    nothing is kept and changes are ignored
//	held       somebody holds it, but there is no copy yet: the feed should read it
//	in flight  a fetch or a reading by the feed is under way; changes are collected
//	cached     there is a copy, perhaps of the fact that there is no such row
//
// A fetch is registered before its SELECT, hence every change that its snapshot
// does not see is reported afterwards and collected. When it returns, the rows
// collected are put on top; if only the key of a change was reported that the
// result does not include, it fetches again.
//
// Only copies that nobody holds are evicted, those long unused first, and never
// while a fetch for them runs.
//
// # Balances
//
// A player's balances are kept beside its copy: a reading, with what travelled on
// top. They have snapshots of their own, because results of own writes of players do
// not include them, and order by revision for each currency, which is drawn under the
// row's lock like a player's. Own changes of balances are told as changes that carry
// their rows. A balance that was deleted is told by key, and read.
//
// # How stale a copy may be
//
// A copy lags behind its row by the time a notification takes; where one was
// lost, until the next poll. The unsynced maps are as old as the last reading or
// own write, since they never travel. While the database cannot be reached copies
// stay as they are; their age is the feed's to tell. After [Players.Reset], held
// copies are served on until they are read again, however old they are.
//
// # Bans
//
// The set equals the rows as of a cursor. There is no revision or snapshot for
// each ban; only for targets touched since the cursor there are notes of what was
// read and heard, and [Bans.Advance] drops those that the cursor covers. The
// rules are those of players, with two differences: a row is the target's whole
// state, and a row that comes after one of a higher revision asks for a read,
// because successive bans of one target are different rows that do not share a
// lock.
//
// # Trust
//
// Notifications are believed until a reading says otherwise, so whoever may
// connect to the database may mislead the caches for a while; the migrations
// say whom to refuse that. Readings must be of the current epoch: results of
// writes that began before a reset must not be handed in once its reload is done.
package cache
