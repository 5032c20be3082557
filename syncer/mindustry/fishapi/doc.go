// Package fishapi serves the protocol of the fish-commands plugin, unmodified, at
// /api/… or behind a secret path prefix. It only translates: what a request means
// is decided in packages fish and sidecar, on the same rows as everything else.
//
// # Who asks
//
// The plugin can send no token. Whoever may connect is believed: httpapi's network
// check is in front, and a prefix that only the plugins know may be. A game server is
// the address of the peer with the port its body names (see [Config.Servers] for
// servers behind a proxy), and the gamemode of its body.
//
// # What is answered
//
// Nothing is ever redirected. A request that will never be taken gets 400, 403, 404,
// 413 or 422, the codes that every version of the plugin leaves at that; one that may
// be taken later gets 503, which the plugin repeats once at once. No answer below 400
// is given before what it acknowledges is in the database or, while that is away and
// it may wait, on disk. Every request may arrive several times: the plugin and the
// JDK below it repeat what was not answered. Who has hung up is given no answer, and
// [Players] and [Deliveries] are told so: what is sent again is then no new request.
//
// # What is read
//
// Bodies are JSON objects in UTF-8. Members that are unknown are ignored, members
// that are missing say nothing. A body cut short is thrown away whole. Numbers may
// have a fraction, which is rounded. A member of another type than the protocol
// gives it refuses the request: nothing is stored by half.
package fishapi
