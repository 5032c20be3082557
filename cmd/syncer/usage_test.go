package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestExitCodesAndErrors(t *testing.T) {
	t.Parallel()
	nowhere := "SYNCER_DATABASE_URL=postgres://steve:s3cret@127.0.0.1:1/nowhere?connect_timeout=5"
	for _, test := range []struct {
		args []string
		env  string
		code int
		want string // in the error
	}{
		{args: []string{"version"}, code: exitDone},
		{args: []string{"help", "serve"}, code: exitDone},
		{args: []string{"openapi"}, code: exitDone},
		{args: nil, code: exitDone},
		{args: []string{"serv"}, code: exitUsage, want: "did you mean serve?"},
		{args: []string{"player"}, code: exitUsage, want: "syncer player --help"},
		{args: []string{"player", "gett", "x"}, code: exitUsage, want: "did you mean get?"},
		{args: []string{"player", "get"}, code: exitUsage, want: "PLAYER is missing"},
		{args: []string{"player", "get", "a", "b"}, code: exitUsage, want: `"b" is too much`},
		{args: []string{"serve", "--listne", "x"}, code: exitUsage, want: "--listne"},
		{args: []string{"serve"}, code: exitFailed, want: "SYNCER_DATABASE_URL"},
		{args: []string{"serve", "--mode", "guess"}, code: exitFailed, want: "--mode"},
		{args: []string{"serve", "--config", "nowhere.yaml"}, code: exitFailed, want: "nowhere.yaml"},
		{args: []string{"ban", "list"}, code: exitFailed, want: "--embedded"},
		{args: []string{"ban", "list", "--embedded"}, code: exitFailed, want: "syncer serve --embedded"},
		{args: []string{"ban", "list"}, env: nowhere, code: exitFailed, want: "cannot connect to steve@127.0.0.1:1/nowhere"},
		{args: []string{"migrate", "up"}, env: nowhere, code: exitFailed, want: "is the database running"},
		{args: []string{"migrate", "up-to", "new"}, env: nowhere, code: exitUsage, want: `"new" is not a schema version`},
		{args: []string{"ban", "add", "10.0.0.256"}, env: nowhere, code: exitUsage, want: `"10.0.0.256" is not an address`},
		{args: []string{"ban", "add", "10.0.0.1/8"}, env: nowhere, code: exitUsage, want: "did you mean 10.0.0.0/8"},
		{args: []string{"ban", "check", "10.0.0.0/8"}, env: nowhere, code: exitUsage, want: "is a range"},
		{args: []string{"ban", "list", "--limit", "0"}, env: nowhere, code: exitUsage, want: "--limit"},
		{args: []string{"watch", "--only", "cats"}, env: nowhere, code: exitUsage, want: "--only"},
		{args: []string{"watch"}, env: nowhere, code: exitFailed, want: "cannot connect"},
		{args: []string{"version"}, env: "SYNCER_TYPO=1", code: exitDone},
		{args: []string{"check"}, env: "SYNCER_DATABSE_URL=x", code: exitFailed},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			var environ []string
			if test.env != "" {
				environ = []string{test.env}
			}
			r := runSyncer(t, environ, test.args...)
			if r.code != test.code {
				t.Errorf("exit code %d, want %d\n%s%s", r.code, test.code, r.out, r.errs)
			}
			if !strings.Contains(r.errs, test.want) {
				t.Errorf("the error is %q, want %q in it", r.errs, test.want)
			}
			if r.code != exitDone && (!strings.HasPrefix(r.errs, "syncer: ") || strings.Count(r.errs, "\n") != 1) {
				t.Errorf("the error is not one line of ours: %q", r.errs)
			}
			if strings.Contains(r.out+r.errs, "s3cret") {
				t.Errorf("the password shows in %q", r.out+r.errs)
			}
		})
	}
}

func TestVersionAsJSON(t *testing.T) {
	t.Parallel()
	if b := decode[build](t, nil, "version"); b.Version == "" || b.Go == "" {
		t.Errorf("got %+v", b)
	}
}

func TestCompletionOffersCommandsAndValues(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"ban ":                 "lift",
		"serve --log-format ":  "json",
		"watch --only ":        "player",
		"completion ":          "zsh",
		"migrate d":            "down-to",
		"player get ":          ":4", // no database, no error
		"serve --mode ":        "poll",
		"player set x --mute ": "",
	} {
		out := succeed(t, nil, append([]string{"__complete"}, strings.Split(line, " ")...)...)
		if !strings.Contains(out, want) && want != ":4" {
			t.Errorf("after %q it offers\n%swant %q", line, out, want)
		}
	}
}

func TestCompletionOffersWhatTheDatabaseHolds(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url,
		`insert into player (uuid, name) values ('id-of-steve', 'Steve'), ('id-2', E'Ste\x1bve')`,
		`insert into ban (uuid, reason) values ('griefer', 'griefing')`)
	for line, want := range map[string]string{
		"player get st":  "Steve\tid-of-steve",
		"ban lift gr":    "griefer\tgriefing",
		"ban lift other": ":4",
	} {
		out := succeed(t, environ, append([]string{"__complete"}, strings.Split(line, " ")...)...)
		if !strings.Contains(out, want) || strings.Contains(out, "\x1b") {
			t.Errorf("after %q it offers\n%q\nwant %q", line, out, want)
		}
	}
}

func TestEveryCommandThatPrintsDataCanPrintJSON(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url, `insert into player (uuid, name) values ('Steve', 'Steve')`, `insert into ban (uuid) values ('Steve')`)
	for _, args := range [][]string{
		{"version"},
		{"check"},
		{"migrate", "status"},
		{"migrate", "version"},
		{"migrate", "up"},
		{"player", "get", "Steve"},
		{"player", "find", "Nobody"},
		{"player", "history", "Steve"},
		{"ban", "list"},
		{"ban", "list", "--ip", "10.0.0.1"},
		{"ban", "check", "Steve"},
	} {
		out := succeed(t, environ, append(args, "--json")...)
		if !json.Valid([]byte(out)) || strings.TrimSpace(out) == "null" {
			t.Errorf("%v prints %q", args, out)
		}
	}
}
