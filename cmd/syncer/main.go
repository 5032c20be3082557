// Command syncer keeps players and bans the same on every game server of a
// network. Run "syncer help" for what it can do.
//
// It exits with 0 when it did what it was asked for, 1 when that failed, 2 when it was
// asked for something that cannot be, 3 when whom to ban or mute was banned or muted
// already, and 4 when what was named or searched is not there.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks to finish in order; a second one has its usual effect.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
