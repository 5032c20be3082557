package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/outbox"
)

// usageError is a command line that cannot be meant.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// isUsageError reports whether the fault lies in what was asked for.
func isUsageError(err error) bool {
	_, usage := errors.AsType[*usageError](err)
	return usage || syncer.CodeOf(err) == syncer.CodeInvalid
}

// capital matches where a name in JSON begins a word.
var capital = regexp.MustCompile(`[A-Z]`)

// asTyped names what was refused as it stands on the command line: the flag, or the argument.
func asTyped(command *cobra.Command, err error) error {
	refusal, ok := err.(*syncer.Error) //nolint:errorlint // what wraps one stays as it is
	if !ok || refusal.Field == "" || command == nil {
		return err
	}
	typed := *refusal
	arguments := strings.Fields(command.Use)
	name := strings.ToLower(capital.ReplaceAllString(refusal.Field, "-$0"))
	switch flag := command.Flags().Lookup(name); {
	case refusal.Code == syncer.CodeStale:
		typed.Field = "--if-revision"
	case flag != nil && flag.Changed:
		typed.Field = "--" + name
	case slices.Contains(arguments, strings.ToUpper(refusal.Field)):
		typed.Field = strings.ToUpper(refusal.Field)
	case refusal.Field == "uuid" && slices.Contains(arguments, "PLAYER"):
		typed.Field = "PLAYER"
	case slices.Contains([]string{"uuid", "ip", "target"}, refusal.Field):
		for _, name := range []string{"TARGET", "TARGET...", "BAN"} {
			if slices.Contains(arguments, name) {
				typed.Field = strings.Trim(name, ".")
			}
		}
	}
	return &typed
}

// describeError makes one line of an error and adds what to do about it.
func describeError(err error) string {
	text := clean(errorText(err))
	if advice := adviceFor(err); advice != "" {
		text += " (" + advice + ")"
	}
	return text
}

// errorText makes one line of an error. What a driver says of a refusal is left out, for the
// refusal says it in our words; why a database cannot be asked is not, and what it answers
// instead stands alone.
func errorText(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if refusal, ok := errors.AsType[*syncer.Error](err); ok && refusal.Cause != nil && !syncer.IsAway(err) {
		text = strings.TrimSuffix(text, ": "+strings.Join(strings.Fields(refusal.Cause.Error()), " "))
	}
	if refusal, ok := errors.AsType[*syncer.Error](err); ok && refusal.Code == syncer.CodeUnavailable {
		if _, answers := errors.AsType[*pgconn.PgError](refusal.Cause); answers {
			text = strings.Join(strings.Fields(refusal.Cause.Error()), " ")
		}
	}
	if refused, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		text = describeConnectError(refused)
	}
	if errors.Is(err, context.Canceled) {
		text = "interrupted"
	}
	return text
}

// describeConnectError says of each address that was tried what went wrong the last time, e.g.
// without TLS after with it.
func describeConnectError(err *pgconn.ConnectError) string {
	var tries []string
	for line := range strings.Lines(err.Unwrap().Error()) {
		line = strings.Replace(strings.TrimSpace(line), "ValidateConnect failed: ", "", 1)
		address, _, _ := strings.Cut(line, " ")
		if last := len(tries) - 1; last >= 0 && strings.HasPrefix(tries[last], address+" ") {
			tries[last] = line
		} else if line != "" {
			tries = append(tries, line)
		}
	}
	return fmt.Sprintf("cannot connect to %s: %s", config.DatabaseName(err.Config), strings.Join(tries, "; "))
}

// adviceFor says what to do about what a database refuses; the codes are those
// of appendix A of PostgreSQL's documentation.
func adviceFor(err error) string {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code {
		case "42P01", "42883", "42703", "42704":
			return "is the schema current? see: syncer migrate status"
		case "42501":
			return "grant the login one of the roles playersync_app and playersync_owner"
		case "28P01", "28000":
			return "is the user and password in database.url right?"
		case "3D000":
			return "create the database, or correct the name in database.url"
		case "53300":
			return "the server has no connection left; raise its max_connections or lower database.max_connections"
		}
	}
	if errors.Is(err, outbox.ErrLocked) {
		return "give each syncer on this host its own server.name, or its own data.dir"
	}
	if errors.Is(err, changefeed.ErrStandby) || errors.Is(err, changefeed.ErrReplaced) {
		return ""
	}
	if refused, ok := errors.AsType[*pgconn.ConnectError](err); ok &&
		strings.Contains(describeConnectError(refused), "server refused TLS connection") { // pgconn has no value for it
		return "the server offers no TLS, which is asked for beyond this machine: turn on ssl there, or add " +
			"sslmode=disable to database.url if the network between may be trusted"
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return "is the database running, and database.url right?"
	}
	return ""
}
