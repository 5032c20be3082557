package demo

import "context"

// Chapter is one part of the story. Each lives in a file of its own.
type Chapter struct {
	Title string
	// Play acts on the stage and verifies the outcome with Stage.Check. It
	// leaves nobody on a server and no ban behind. An error means that it could
	// not continue.
	Play func(ctx context.Context, s *Stage) error
}

// Chapters is the story in its order.
func Chapters() []Chapter {
	return []Chapter{
		{"Asking once a second, or being told", playPolling},
		{"Steve is on two servers at once", playTwoServers},
		{"Two plugins that upload whole copies, at the same moment", playUploads},
		{"A moderator edits a row in psql", playPsql},
		{"A ban, and an unban that works at the first try", playBans},
		{"Accounts that share an address", playAccounts},
		{"Steve spends on two servers at once", playSpending},
		{"A map run across a restart", playMapRun},
		{"Every connection is killed, and nothing is missed", playKilled},
	}
}
