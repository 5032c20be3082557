// Package outbox keeps on disk what must survive an outage of the database and a
// restart of the sidecar during it: saves that wait to be stored, and the last
// known list of open bans. It is one bbolt file, readable by its owner only.
//
// # Saves
//
// A batch is durable when [Outbox.Add] returns: written and synced, so that
// neither kill -9 nor a power failure loses it. Batches come back from
// [Outbox.Pending] in the order they were added, as often as needed, until
// [Outbox.Remove] or [Outbox.Refuse] takes them out. A crash between storing a
// batch and removing it makes it come back once more, which is harmless: the
// database remembers the id and stores a batch once.
//
// A batch that the database will never accept, and a record whose checksum does not
// match, is set aside with the reason, never dropped: [Outbox.Refused] counts them
// and [Outbox.Refusals] returns them.
//
// # Bans
//
// [Outbox.SaveBans] writes a whole list beside the current one and then switches in
// one transaction: a crash leaves the old list or the new one, never a mixture.
// [Outbox.UpdateBans] adds single changes. The list read after a restart is as old
// as the last successful call of either; [Outbox.LoadBans] returns that time.
//
// # What servers were shown
//
// Records of what game servers were shown are written at most about a second late, and
// completely at a clean shutdown; [Outbox.LoadShown] reports whether the last one was
// clean. After a crash the latest records are missing.
//
// # Faults
//
// A second process gets [ErrLocked] at once. A damaged file gives [ErrCorrupt]
// when it is opened, since all of it is read then. The outbox never repairs or replaces a
// file by itself, since it may hold the only copy of a save. When a write fails, on a full
// disk for instance, nothing of it is kept and the caller gets the error. Every error names
// the file.
//
// All methods may be called from several goroutines, also while ranging over what
// [Outbox.Pending] and [Outbox.LoadBans] return.
package outbox
