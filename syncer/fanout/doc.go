// Package fanout carries notifications from the database to many sidecars over NATS.
//
// PostgreSQL wakes every connection that listens at every commit that notifies, and writers
// pay for it: with a thousand listeners a hundred times as much as with eight. With a fan-out
// two sidecars of a network listen and pass on what they hear to a subject of NATS; all
// others, and these two as well, subscribe there and hold no LISTEN. Own writes are published
// straight after their commit, without waiting for the database's notification.
//
// # What is promised
//
// Nothing: a message is a hint. It is the notification as the database signed it, and takes the
// same way in each sidecar: whoever may publish on NATS cannot sign, a message may be lost,
// doubled or come late, and what no poll bears out is read again. So NATS needs no storage
// (JetStream), and no order of messages beyond that of one connection.
//
// # Subjects
//
// A subject is named for what the feed follows, so that networks which share one NATS, and the
// two sides of a split brain, never meet:
//
//	playersync.<epoch>.changes     notifications
//	playersync.<epoch>.forwarder   signs of life of those who forward
//
// where <epoch> is a hash of the database's epoch: cluster, timeline, database, stored uuid.
//
// # Who forwards
//
// Two places are taken by advisory locks of PostgreSQL, each held by a connection of its own
// that also listens. A forwarder gives a signed sign of life twice in each heartbeat, if the
// database has answered and NATS takes it. A sidecar that has not heard one of the two for a
// heartbeat tries to take its place, after a random time; so does one that sees no place held
// at all. Whoever loses the database or NATS gives its place back by closing the connection.
//
// Every login of the database may take advisory locks. Somebody who takes both and does not
// forward cannot sign either: no sign of life is heard.
//
// # When notifications do not come
//
// NATS is away, or no forwarder has been heard for two heartbeats, or since NATS or the
// database changed: then [Fanout.Silence] says so, and the feed polls at a short interval. What
// may have been lost before is found by the poll that follows at once. So it is when a forwarder
// begins: a sign of life names its session, and both forwarders before may have died together.
package fanout
