// Package console is the web pages of a sidecar: what a network does, live, for people who
// look rather than read.
//
// # How a page works
//
// The server writes HTML (html/template, in pages/). htmx swaps parts of it, and idiomorph
// changes only what differs, so that the place, the focus and what is being typed stay. A
// page that is open holds one stream of server-sent events, see [live]: the parts that it
// shows come over it whenever they change, rendered once for everybody who looks. uPlot
// draws the plots. Nothing is fetched from elsewhere, nothing is built: what is in assets/
// is served as it is, and pages work as far as they can without scripts.
//
// # Who may
//
// A person signs in with the login of the database that he uses in psql, see [SignIn]. What
// that login may see and do decides, and is asked for again while the session lasts. Every
// page, also on loopback, needs a session; every request that changes something must come
// from a page of this server and carry the session's token. What a person does is done for
// his name, as the use-cases of package sidecar know it, so that the audit names him.
package console
