package main

import (
	"context"
	"fmt"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
)

// banNumber tells the number of a ban from a target: ban:7 is a number, and so is 7 unless a
// player has that id or name. If there is a ban of that number too, the text is refused.
func banNumber(ctx context.Context, u *useCases, text string) (number int64, isNumber bool, err error) {
	digits, marked := strings.CutPrefix(text, "ban:")
	number, isNumber = parseNumber(digits)
	switch {
	case marked && !isNumber:
		return 0, false, syncer.Invalid("target", "%q is no number of a ban, such as ban:7", text)
	case marked || !isNumber:
		return number, isNumber, nil
	}
	player, err := findPlayer(ctx, u.store, text)
	switch syncer.CodeOf(err) {
	case syncer.CodeNotFound:
		return number, true, nil
	case syncer.CodeInvalid:
		return 0, false, syncer.Invalid("target", "%s", err) // the name of several
	}
	if err != nil {
		return 0, false, err
	}
	switch ban, err := u.bans.Ban(ctx, number); {
	case err == nil:
		return 0, false, syncer.Invalid("target", "%s is the number of a ban of %s, and the id or name of a player; "+
			"write ban:%s or uuid:%s", text, ban.Target, text, player.ID)
	case syncer.CodeOf(err) == syncer.CodeNotFound:
		return 0, false, nil
	default:
		return 0, false, err
	}
}

// parseNumber reads a number of digits alone.
func parseNumber(text string) (number int64, ok bool) {
	parsed, err := strconv.ParseUint(text, 10, 63)
	return int64(parsed), err == nil //nolint:gosec // 63 bits
}

// readTarget reads what a ban forbids, as [syncer.ReadTarget] does, or the target of the
// ban whose number is given.
func readTarget(ctx context.Context, u *useCases, text string) (syncer.Target, error) {
	number, isNumber, err := banNumber(ctx, u, text)
	switch {
	case err != nil:
		return syncer.Target{}, err
	case !isNumber:
		return syncer.ReadTarget(text)
	}
	ban, err := u.bans.Ban(ctx, number)
	return ban.Target, err
}

// findBan returns the ban that a text means: by its number, or the latest of a target.
func findBan(ctx context.Context, u *useCases, text string) (syncer.NotedBan, error) {
	switch number, isNumber, err := banNumber(ctx, u, text); {
	case err != nil:
		return syncer.NotedBan{}, err
	case isNumber:
		return u.bans.Ban(ctx, number)
	}
	target, err := syncer.ReadTarget(text)
	if err != nil {
		return syncer.NotedBan{}, err
	}
	identified, err := u.bans.Identify(ctx, target)
	if err != nil {
		return syncer.NotedBan{}, err
	}
	return latestBan(ctx, u, identified.Target)
}

// latestBan returns the latest ban of just the given target, in force or over.
func latestBan(ctx context.Context, u *useCases, target syncer.Target) (syncer.NotedBan, error) {
	number, err := u.bans.LatestBan(ctx, target)
	if err != nil {
		return syncer.NotedBan{}, err
	}
	return u.bans.Ban(ctx, number)
}

// parseUntil reads when something ends: a duration from now, an RFC 3339 time, or a word
// such as "forever".
func parseUntil(flag, text string, now time.Time) (syncer.Time, error) {
	if syncer.IsForeverWord(text) {
		return syncer.Forever, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		if !at.After(now) {
			return syncer.Time{}, usagef("--%s: %s has passed", flag, text)
		}
		return syncer.TimeOf(at), nil
	}
	d, err := syncer.ParseDuration(text)
	switch {
	case syncer.IsEndless(err):
		return syncer.Time{}, usagef("--%s: %q %v; for no end, write forever", flag, text, err)
	case err != nil && syncer.LooksLikeDuration(text):
		return syncer.Time{}, usagef("--%s: %q %v", flag, text, err)
	case err != nil:
		return syncer.Time{}, usagef("--%s: %q is neither a duration such as 36h, 7d, 1mo or 1y, nor a time such as "+
			"2030-01-31T18:00:00Z, nor forever", flag, text)
	}
	return syncer.TimeOf(now.Add(d)), nil
}

// momentFlag is a flag that names a time, or how long ago it was.
type momentFlag struct{ syncer.Moment }

// String returns nothing: there is no default.
func (*momentFlag) String() string { return "" }

// Set reads the time.
func (f *momentFlag) Set(text string) (err error) {
	f.Moment, err = syncer.ParseMoment(text)
	return err
}

// Type stands for the value in help texts.
func (*momentFlag) Type() string { return "time" }

// checkLimit refuses a flag --limit of which a list could be too long to hold.
func checkLimit(limit int) error {
	if limit < 1 || limit > 100_000 {
		return usagef("--limit: must be between 1 and 100000")
	}
	return nil
}

// thisUser is who acts where nobody else is named.
func thisUser() string {
	if who, err := user.Current(); err == nil && who.Username != "" {
		return who.Username
	}
	return "syncer"
}

// atLeastOne is cobra.MinimumNArgs(1) that says what is missing.
func atLeastOne(name string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) == 0 {
			return exactly(name)(command, args)
		}
		return nil
	}
}

// atMost is cobra.MaximumNArgs that says what is too much.
func atMost(names ...string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		return exactly(names[:min(len(names), len(args))]...)(command, args)
	}
}

// tooMuch refuses the arguments that nobody asked for; the name of a flag may be meant as one.
func tooMuch(command *cobra.Command, rest []string) error {
	flag := command.Flag(rest[0])
	switch {
	case flag == nil:
		return fmt.Errorf("%q is too much; see: %s --help", rest[0], command.CommandPath())
	case flag.NoOptDefVal != "" || len(rest) == 1:
		return fmt.Errorf("%q is too much; did you mean --%s?", rest[0], rest[0])
	default:
		return fmt.Errorf("%q is too much; did you mean --%s %s?", rest[0], rest[0], rest[1])
	}
}

// exactly is cobra.ExactArgs that says what is missing.
func exactly(names ...string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return fmt.Errorf("%s is missing; see: %s --help", names[len(args)], command.CommandPath())
		}
		if len(args) > len(names) {
			return tooMuch(command, args[len(names):])
		}
		return nil
	}
}
