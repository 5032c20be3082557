// Package shadow finds what an uploaded whole copy of a player changes. The plugin
// never says which state its copy started from, so the history of the states that a
// server was shown is kept, and each upload is read as one of them and a change.
package shadow
