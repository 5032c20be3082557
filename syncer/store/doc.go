// Package store keeps players and bans in PostgreSQL. It is the only user of
// the generated package db.
//
// Every write is one statement or one transaction that applies differences to
// the current row, so two servers that write at once both succeed. What it
// returns can be applied to a cache at once: the row as it is now, the snapshot
// and transaction it belongs to, and the changes as other sidecars see them.
//
// Faults are reported as [syncer.Error]: invalid (a constraint refused the
// value; Field names it), not_found, stale, database_unavailable (nothing was
// stored) and outcome_unknown (the connection broke while the answer was due).
//
// A write that is alone lets the trigger notify, which is the fastest way for
// one change. Writes that overlap leave the notification out, since notifying
// commits queue behind one lock in PostgreSQL; their changes are sent together
// right after the commits. A notification that is lost on the way, because this
// process died, is made up for by every other sidecar's next poll.
package store
