// Package feed follows the database, so that what a sidecar holds in memory
// equals the rows.
//
// # The promise
//
// While the feed follows, a committed change is in memory a round trip after its
// commit. After any fault memory equals the rows again as soon as the database
// answers, without anybody noticing or repairing anything; until then reads go
// on from memory, and [Status] says how old it may be. Every change in the change
// table leads to at least one event, published after memory holds the change.
//
// Three things together keep it:
//
//   - Notifications make it fast. They carry changed rows, which are applied at
//     once, or only keys, which lead to a poll. They may be lost, doubled or
//     swapped: the cache compares transaction and revision, and applies a row only
//     over an older state.
//   - The change table makes it true. A poll returns the changes that became visible
//     since the cursor. The cursor is a database snapshot, so that a transaction
//     that commits late is not skipped. Every changed key that is held is read
//     again. Since state is read, not replayed, the order of changes does not matter.
//   - The cursor moves only after every change that it sees is in memory. A poll
//     that fails half-way is repeated from the old cursor.
//
// Further tables that are held whole, the staff chat's newest messages among them,
// are followed in the same way but always read whole; see [Table]. Only the chat
// and the sessions have events of their own.
//
// # States
//
//	connecting    no connection: memory ages
//	catching up   connected and, unless in poll-only mode, listening; LISTEN was
//	              committed before the first poll, so nothing falls between
//	following     the last poll succeeded, what it found was read, and the triggers are
//	              enabled
//	behind        as following, but players that changed are so large that reading them
//	              takes long; what else changes arrives meanwhile
//	degraded      as following, but triggers are missing or disabled: changes may
//	              go unrecorded, so everything is read again at every heartbeat
//
// Any fault in any state closes the connection and leads back to connecting, with a
// random delay of at most a second. That holds for catching up too: a catch-up that
// fails half-way counts as none. Players that are too large to be read at once are the
// exception: they wait in a backlog, and the cursor moves on without them. What is read of
// it stays read, whatever happens to the connection.
//
// # The loop
//
// One goroutine owns the connection. It waits for notifications and polls at the
// latest after a heartbeat (with jitter, so that sidecars do not all poll at the
// same moment). The poll finds gaps and checks the connection. Between two
// heartbeats nothing is sent unless a notification leaves something to read; if
// many do, polls are 20 to 50 ms apart. In poll-only mode, for poolers that cannot
// LISTEN, the feed polls at a shorter interval instead; everything else is the same.
//
// # Faults
//
//	connection lost, statement timed out    connect again, catch up from the cursor
//	server too slow to connect in time      has more time at the next try, up to four times as much
//	a read's answer takes long              goes on while bytes of it arrive; else the same, and
//	                                        the next piece is half as large
//	a player cannot be read even alone      is set aside and tried again, and named in the log
//	network stalls silently                 the poll at the next heartbeat times out; as above
//	notification lost or unreadable         found by the next poll, and counted
//	notification that nobody signed         ignored, and counted
//	signed notification of a change that    its rows are read again at the next poll and
//	was never made                          replace it whatever its revision; counted
//	writer died before it notified          the same
//	more changes than one poll returns,     every held row is read again, or those
//	or a change of the whole table          of the table
//	cursor below the table's floor          everything is forgotten and read again
//	recorded changes deleted by hand        the same: a trigger begins another epoch
//	other epoch: restore, failover, crash,  the same: transaction ids and snapshots
//	another database                        of two epochs cannot be compared
//	statements went to another server       the same
//	while the feed had no connection
//	older snapshot in the same epoch:       the same
//	storage rolled back, commits lost
//	own write that began before such a      its players are read before they are shown to
//	reload and ended after it               anybody, its changes are found by the next poll
//	transaction ids from elsewhere (dump)   settled in the database, then as other epoch
//	standby                                 refused: connect again until it is the primary
//	connection stopped listening            refused: connect again
//	triggers disabled or missing            degraded; read everything once more when they are back
//	triggers altered between two polls      everything is read again
//	unforeseen faults                       everything is read again every 6 to 24 hours
//
// Whenever everything or a whole table was read again, subscribers get one
// [changefeed.EventResync] instead of single events.
//
// # Clocks
//
// Local time plays no part in the order of changes. Each poll learns the offset of
// the database's clock, for the expiry of bans ([Feed.Now]) and to measure delays.
package feed
