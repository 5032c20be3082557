// Package mindustry is what the fish-commands plugin of Mindustry needs beyond the
// vocabulary of all games: patterns of bots' names, blacklisted addresses, the
// moderation log and rejected usids. It does no I/O.
//
// Its inner rooms are named for what they do: shadow finds what a whole copy of a
// player changes, fish holds the use-cases of the plugin, fishjson reads and writes its
// JSON, and fishapi answers its requests. Another game's protocol stands beside it.
package mindustry
