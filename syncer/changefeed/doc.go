// Package changefeed is the vocabulary of the change feed: what a committed change
// is, and how changes are ordered. It does no I/O.
//
// Neither wall clocks nor sequences order changes, because transactions become
// visible in another order than either. A [Snapshot] says exactly which transactions
// a read has seen; a [Change] names the transaction that made it. A copy is current
// up to the snapshot it was read at, and of two reads of one row the one with the
// newer snapshot wins. Revisions, drawn from one sequence under the row's lock, order
// the changes of a single row. An [Epoch] names the database whose transactions are
// meant: what belongs to different ones cannot be compared.
package changefeed
