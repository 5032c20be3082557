// Package fish holds the use-cases of the fish-commands plugin of Mindustry: what its
// protocol asks beyond what all games ask. Package fishapi only translates.
//
// # What a save is compared with
//
// Servers that upload whole copies ([Players.Fetch], [Players.Upload]) never say that
// a player is on them: for each of them and each player a [shadow.History] is kept for
// a day after the last request, on disk too. An orderly restart forgets nothing of
// it. After kill -9 the last second may be missing: an important upload whose fetch
// fell into it is stored as given, and counters are raised to what the next upload
// says instead of moved by differences.
package fish
