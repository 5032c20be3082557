// Package bench measures a sidecar's parts against what they cannot be faster
// than, or against what they replace: each figure stands beside a floor or a rival
// that was measured in the same run, sample by sample in turn, so that a slow or
// busy machine slows both.
//
// # Propagation
//
// [Propagation] times an important change from its start, before the statement is
// sent, until the last of N sidecars has applied it: its cache hands out the new
// value and its event was published. The sidecars are the real ones without HTTP:
// a connection, a feed and caches each, in this process. There are four kinds of
// sample, in random order in each round, with a rest between them:
//
//	change             done by                        until
//	UPDATE             a connection, prepared         the last of N sidecars applied it
//	UPDATE             the same on the bare table     the last of N bare listeners received it
//	edit               one of the sidecars            the last of N sidecars applied it
//	edit               the same on the bare table     the last of N bare listeners received it
//
// The bare table is the same table with the same rows in a database of its own,
// without our triggers and with one that only notifies. A bare listener is a
// connection that does nothing but wait for notifications. The two databases keep
// the listeners of one from being woken for the other's changes, though they use
// the same server.
//
// The sidecars' heartbeats continue meanwhile. One that falls into a sample holds up
// that sidecar, which is part of what p99 shows; and because samples follow each
// other faster than changes do on a network, each heartbeat finds more to look at.
//
// Sidecars may be notified over NATS instead ([FanoutNATS]): the same samples of ours, with a
// connection to NATS for each sidecar, beside those by LISTEN of the same run. The time until
// the writer has its answer is reported too, since in PostgreSQL it pays for the listeners.
//
// Between the rounds, a few changes are also waited for by N pollers that ask for
// the row at a fixed interval, each at its own moment, as the documents' option 2
// does. They ask nothing while the other samples are taken.
//
// # The rest
//
// [Reads], [Bans], [Saves], [Changes] and [Start] measure one figure or a few each, in
// rounds: ours, then the rival, again and again. The median of the rounds is reported.
//
// # Networks
//
// [Storm], [Mixed], [Growth] and [Idle] run whole sidecars in this process and ask them over HTTP,
// as game servers do. Their reports have [Series], which [WritePlot] draws.
//
// Everything happens in scratch databases, which are dropped in the end.
package bench
