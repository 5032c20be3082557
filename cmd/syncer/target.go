package main

import (
	"fmt"
	"os/user"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
)

// parseTarget reads what a ban forbids: an address or range if the text is one,
// else a player id. A leading "uuid:" or "ip:" leaves no doubt.
func parseTarget(text string) (syncer.Target, error) {
	if id, ok := strings.CutPrefix(text, "uuid:"); ok {
		return syncer.ParseTarget(id, "")
	}
	if ip, ok := strings.CutPrefix(text, "ip:"); ok {
		return syncer.ParseTarget("", ip)
	}
	if looksLikeAddress.MatchString(text) {
		return syncer.ParseTarget("", text)
	}
	return syncer.ParseTarget(text, "")
}

// looksLikeAddress matches what is meant as an address even when it is mistyped,
// so that 10.0.0.256 does not ban a player of that id.
var looksLikeAddress = regexp.MustCompile(`^(\d{1,3}(\.\d+){3}(/\d+)?|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%\w+)?(/\d+)?)$`)

// parseUntil reads when something ends: a duration from now, an RFC 3339 time or
// "forever".
func parseUntil(flag, text string, now time.Time) (syncer.Time, error) {
	if text == "forever" || text == "infinity" {
		return syncer.Forever, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		if !at.After(now) {
			return syncer.Time{}, usagef("--%s: %s has passed", flag, text)
		}
		return syncer.TimeOf(at), nil
	}
	d, err := syncer.ParseDuration(text)
	if err != nil {
		return syncer.Time{}, usagef("--%s: %q is neither a duration such as 36h or 7d, nor a time such as "+
			"2030-01-31T18:00:00Z, nor forever", flag, text)
	}
	return syncer.TimeOf(now.Add(d)), nil
}

// thisUser is who acts where nobody else is named.
func thisUser() string {
	if who, err := user.Current(); err == nil && who.Username != "" {
		return who.Username
	}
	return "syncer"
}

// exactly is cobra.ExactArgs that says what is missing.
func exactly(names ...string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return fmt.Errorf("%s is missing; see: %s --help", names[len(args)], command.CommandPath())
		}
		if len(args) > len(names) {
			return fmt.Errorf("%q is too much; see: %s --help", args[len(names)], command.CommandPath())
		}
		return nil
	}
}
