package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// TestScripts plays the files of testdata/script: what people type and what they are
// shown. Each has a migrated database of its own, which is configured, and a few
// commands beside those of package testscript:
//
//	sql STATEMENT...        runs SQL in the database
//	exits CODE syncer ...   must end with that code and one line of its own as the error
//	answers CODE syncer ... must end with that code, which is an answer, and without an error
//	says TEXT               that line is "syncer: TEXT"
//	sort                    writes the lines that were printed to the file sorted, in order
//	mask                    writes what was printed to the file masked, less times of today
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			url := pgtest.Database(env.T().(testing.TB), "migrated", store.Migrate)
			env.Values["database"] = url
			env.Vars = append(env.Vars, "HOME="+env.WorkDir, "TZ=UTC",
				"SYNCER_DATA_DIR="+filepath.Join(env.WorkDir, "data"), "SYNCER_DATABASE_URL="+url)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sql": scriptSQL, "exits": scriptExits, "answers": scriptAnswers, "says": scriptSays,
			"mask": scriptMask, "sort": scriptSort,
		},
	})
}

// scriptSQL runs statements in the script's database.
func scriptSQL(ts *testscript.TestScript, _ bool, statements []string) {
	conn, err := pgx.Connect(context.Background(), ts.Value("database").(string))
	ts.Check(err)
	defer conn.Close(context.Background())
	for _, statement := range statements {
		if _, err := conn.Exec(context.Background(), statement); err != nil {
			ts.Fatalf("%s: %v", statement, err)
		}
	}
}

// scriptExits runs a program that must fail in a certain way.
func scriptExits(ts *testscript.TestScript, _ bool, args []string) {
	endsWith(ts, args)
	if errs := ts.ReadFile("stderr"); !strings.HasPrefix(errs, "syncer: ") || strings.Count(errs, "\n") != 1 {
		ts.Fatalf("the error is not one line of ours: %q", errs)
	}
}

// scriptAnswers runs a program whose exit code is an answer.
func scriptAnswers(ts *testscript.TestScript, _ bool, args []string) {
	endsWith(ts, args)
	if errs := ts.ReadFile("stderr"); errs != "" {
		ts.Fatalf("an answer is no error: %q", errs)
	}
}

// endsWith runs the program of the arguments behind the first, which is its exit code.
func endsWith(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	failed, ok := errors.AsType[*exec.ExitError](err)
	if !ok || failed.ExitCode() != want {
		ts.Fatalf("%s ended with %v, want exit code %d", strings.Join(args[1:], " "), err, want)
	}
}

// scriptSays compares the error with the text, in which $WORK stands for the script's
// directory.
func scriptSays(ts *testscript.TestScript, _ bool, args []string) {
	errs := strings.TrimSuffix(strings.TrimPrefix(ts.ReadFile("stderr"), "syncer: "), "\n")
	errs = strings.ReplaceAll(errs, ts.Getenv("WORK"), "$WORK")
	if want := strings.Join(args, " "); errs != want {
		ts.Fatalf("it says %q, want %q", errs, want)
	}
}

// today is a time as the program prints it to people and to programs. Times that
// scripts set themselves are of other years.
var today = regexp.MustCompile(`202[6-9]-\d\d-\d\d([ T])[\d:.]+`)

// scriptSort makes comparable what is printed in an order that nobody promises.
func scriptSort(ts *testscript.TestScript, _ bool, _ []string) {
	lines := strings.SplitAfter(ts.ReadFile("stdout"), "\n")
	slices.Sort(lines)
	ts.Check(os.WriteFile(ts.MkAbs("sorted"), []byte(strings.Join(lines, "")), 0o600))
}

// scriptMask makes comparable what holds times of today: they keep their width.
func scriptMask(ts *testscript.TestScript, _ bool, _ []string) {
	masked := today.ReplaceAllString(ts.ReadFile("stdout"), "YYYY-MM-DD${1}hh:mm:ss")
	ts.Check(os.WriteFile(ts.MkAbs("masked"), []byte(masked), 0o600))
}
