package main

import (
	"errors"

	"playersync/syncer"
)

// Exit codes, as docs/commands.md has them.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitBanned   = 3 // banned; of what bans or mutes: banned or muted already, and nothing was changed
	exitNotFound = 4 // what was named or searched is not there
)

// answered is an answer that was printed, and which the exit code tells too.
type answered struct{ code int }

func (*answered) Error() string { return "the exit code has the answer" }

// exitCode returns the code of what a command ended with; started says that its arguments
// were understood.
func exitCode(err error, started bool) int {
	answer, isAnswer := errors.AsType[*answered](err)
	_, stands := errors.AsType[*standsError](err)
	switch {
	case err == nil:
		return exitDone
	case isAnswer:
		return answer.code
	case stands:
		return exitBanned
	case !started || isUsageError(err):
		return exitUsage
	case syncer.CodeOf(err) == syncer.CodeNotFound:
		return exitNotFound
	default:
		return exitFailed
	}
}
