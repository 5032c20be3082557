package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer/demo"
)

func newDemoCommand(a *app) *cobra.Command {
	var exit, verbose bool
	command := &cobra.Command{
		Use:   "demo",
		Short: "See what it does, on a throw-away database",
		Long: `Start a throw-away PostgreSQL and two servers, survival and pvp, and play through
what can happen to a player who is on both: every step is done for real, timed
and verified. Afterwards all of it keeps running to be played with, until
interrupted. Nothing stays behind.

The exit code is 1 if anything did not hold.`,
		Example: `  syncer demo
  syncer demo --exit --json`,
		GroupID: groupRun,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			level := slog.LevelError
			if verbose {
				level = slog.LevelInfo
			}
			return a.demo(command.Context(), exit, a.logger(config.Log{Level: level, Format: config.FormatText}))
		},
	}
	flags := command.Flags()
	flags.BoolVar(&exit, "exit", false, "end after the story instead of keeping everything running")
	flags.BoolVar(&verbose, "verbose", false, "show what the servers log")
	a.addJSONFlag(flags)
	return command
}

// demoJSON is a result as demo --json prints it.
type demoJSON struct {
	demo.Result
	Running *demo.Addresses `json:"running,omitempty"` // what can be played with, if the demo keeps running
}

func (a *app) demo(ctx context.Context, exit bool, log *slog.Logger) (err error) {
	options := demo.Options{
		Progress: &waiting{out: a.errs, live: isTerminal(a.errs)}, Log: log, Version: thisBuild().Version,
	}
	if !a.json {
		options.Out, options.Colour = a.out, wantsColour(a.out)
	}
	d, err := demo.Start(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	result, err := d.Play(ctx)
	if a.json {
		shown := demoJSON{Result: result}
		if !exit && err == nil {
			shown.Running = new(d.Addresses())
		}
		err = errors.Join(err, a.print(shown, nil))
	}
	if err == nil && !exit {
		err = d.Wait(ctx)
	}
	if err == nil && !result.Holds {
		err = errors.New("the demo did not hold what it promises")
	}
	return err
}

// wantsColour reports whether output is for the eyes of somebody who did not
// decline colours.
func wantsColour(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) //nolint:gosec // a descriptor fits
}

// waiting shows what is waited for: on a terminal in one line that shows the time
// go by, elsewhere as a line each.
type waiting struct {
	out  io.Writer
	live bool

	began time.Time // of the present wait
	stop  chan struct{}
	ended sync.WaitGroup
}

// Begin implements demo.Progress.
func (w *waiting) Begin(what string) {
	w.End()
	if !w.live {
		fmt.Fprintln(w.out, what)
		return
	}
	w.began, w.stop = time.Now(), make(chan struct{})
	w.ended.Go(func() {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for {
			fmt.Fprintf(w.out, "\r\x1b[K   %s … %.1f s", what, time.Since(w.began).Seconds())
			select {
			case <-ticker.C:
			case <-w.stop:
				fmt.Fprint(w.out, "\r\x1b[K")
				return
			}
		}
	})
}

// End implements demo.Progress.
func (w *waiting) End() {
	if w.stop != nil {
		close(w.stop)
		w.ended.Wait()
		w.stop = nil
	}
}
