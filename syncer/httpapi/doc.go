// Package httpapi is the HTTP surface of a sidecar: players and bans under
// /v1, changes as they happen at /v1/events, and /healthz, /readyz, /metrics and
// /openapi.json for those who run it. It holds no state of its own but the
// connections; what it answers comes from the use-cases in [Deps].
//
// # Who is answered
//
// Every request must come from an allowed network, if any are named, else 403.
// All but /healthz and the mounted handlers need the token, if there is one, else
// 401. A request that changes something and was sent by a web page of another
// origin is refused. Listening beyond loopback without token or networks is an
// error at the start.
//
// # Who asks
//
// One process may serve several game servers. [Servers.Home] asks unless the
// headers Syncer-Server, Syncer-Gamemode and Syncer-Address say otherwise; an
// absent one falls back to the configured server of that name, and the name of a
// server that is not configured needs both others with it. A token of a single server
// says by itself who asks, and other headers are refused with it. For the audit Syncer-By names the person for whom
// something is changed, and Syncer-Server alone the game server where nothing else
// depends on it.
//
// # What is refused
//
// Every refusal is a [Problem] (RFC 9457) with a stable code:
//
//	400  the body is no JSON, a header or a parameter is wrong
//	401  no or another token            403  network, or foreign web page
//	404  no such player or path         405  no such method
//	408  the body came too slowly       409  contradicts what is stored
//	412  If-Match is not current        413  body too large
//	415  body not JSON                  422  a field of the body, or the id in the path
//	500  a fault here, also a panic
//	503  database out of reach, or too many streams: nothing was stored; or, as the
//	     code outcome_unknown says, the connection broke during the commit
//	504  not answered in time
//
// 400 and 422 name every place at fault. Unknown fields and parameters are
// refused, so that a typing error is not taken for consent; leave alone also
// takes the fields of a record that it does not save.
//
// # How fresh an answer is
//
// Records carry Syncer-Source (memory or database) and Syncer-Staleness, the
// milliseconds since the sidecar last knew itself current. The ETag is the
// revision, which the unsynced part does not move: a server that asks with
// If-None-Match knows its own counters and usids itself.
//
// # Events
//
// A subscriber that resumes behind an id misses nothing or is told so by a
// resync. One that does not take an event within the write time-out, or that the
// buffer overtakes, is cut off; nobody waits for it. A shutdown ends all streams,
// so that clients continue elsewhere or come back.
//
// # How it ends
//
// [Server.Serve] stops accepting when its context ends, ends the streams, and lets
// requests in progress finish within the drain time-out.
package httpapi
