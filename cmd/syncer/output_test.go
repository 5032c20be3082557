package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
	"github.com/spf13/cobra"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer"
)

func TestRemainingTimeIsRounded(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                                 "0 s",
		59 * time.Second:                  "59 s",
		time.Minute:                       "1 min",
		time.Hour - time.Second:           "1 h",
		90 * time.Minute:                  "1 h 30 min",
		7*24*time.Hour - time.Millisecond: "7 d",
		25 * time.Hour:                    "1 d 1 h",
		24*time.Hour + 5*time.Minute:      "1 d",
		49*time.Hour + 30*time.Minute:     "2 d 1 h",
		1000*24*time.Hour + 23*time.Hour:  "1000 d 23 h",
	} {
		if got := remaining(d); got != want {
			t.Errorf("%v is shown as %q, want %q", d, got, want)
		}
	}
}

func TestTableAlignsAndCleans(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	table(&out, []string{"A", "B"}, [][]string{{"long cell", "x"}, {"ü\x1b[31m\t", "y\u202ez"}})
	want := "A          B\nlong cell  x\nü\uFFFD[31m\uFFFD    y\uFFFDz\n"
	if out.String() != want {
		t.Errorf("got\n%q, want\n%q", out.String(), want)
	}
}

// Nothing that a terminal obeys reaches it, and JSON says the same as before.
func TestOutputHoldsNoControlCharacters(t *testing.T) {
	t.Parallel()
	const name = "a\x1b[31m\x7f\u009b\u202e\u2066\u200f\u2028\ufeff\U000e0001 ü日\t"
	var out, errs strings.Builder
	a := &app{out: &out, errs: &errs, json: true}
	print := func() {
		if err := a.print(map[string]string{"name": name}, func(w io.Writer) {
			fmt.Fprintf(w, "%s is online\nand back\n", name)
		}); err != nil {
			t.Fatal(err)
		}
	}
	print()
	var back map[string]string
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil || back["name"] != name {
		t.Errorf("JSON says %q, %v", back["name"], err)
	}
	a.json = false
	print()
	a.logger(config.Log{Format: config.FormatJSON}).Info(name, "name", name)
	a.logger(config.Log{Format: config.FormatText}).Info(name, "name", name)
	errs.WriteString(describeError(errors.New(name)))
	for _, r := range out.String() + errs.String() {
		if r != '\n' && r != '\uFFFD' && !unicode.IsPrint(r) {
			t.Errorf("%U reaches the terminal", r)
		}
	}
	if !strings.Contains(out.String(), " ü日") || strings.Count(out.String(), "\n") != 5 {
		t.Errorf("printed %q", out.String())
	}
}

// A table fits 80 columns of a screen, wide characters take two, and no id is cut.
func TestTableFitsTheScreen(t *testing.T) {
	t.Setenv("COLUMNS", "80")
	const id = "f84c6a79-0a4e-45e0-879b-cd49ebd4c4e2"
	long := strings.Repeat("survival-", 7)
	for name, test := range map[string]struct {
		header, row []string
		kept        string
	}{
		"bans": {
			[]string{"ID", "TARGET", "STATE", "BANNED", "BY", "REASON"},
			[]string{
				"10862", id, "until 2030-01-31 18:00:00 (7 d 3 h)", "2030-01-24 18:00:00", "Alice",
				strings.Repeat("griefing ", 30),
			},
			id,
		},
		"online": {
			[]string{"SERVER", "NAME", "ID", "FOR"},
			[]string{"survival-1", strings.Repeat("[scarlet]Steve", 20), id, "2 h"},
			id + "  2 h",
		},
		"from IPv6": {
			[]string{"ID", "NAME", "JOINED FROM", "JOINS", "THEN LAST"},
			[]string{id, "Steve", "2001:db8:1111:2222:3333:4444:5555:6666", "1", "2030-01-24 18:00:00"},
			id + "  2001:db8:1111:2222:3333:4444:5555:6666",
		},
		"accounts": {
			[]string{"ID", "NAME", "ID BANNED", "ADDRESS", "TIMES", "PLAYER'S TIMES"},
			[]string{"abcdefghijklmnopqrst==", "Steve", "yes", "2001:db8:1111:2222:3333:4444:5555:6666", "1", "1"},
			"yes",
		},
		"preview": {
			[]string{"ID", "NAME", "SEEN", "JOINS", "ADDRESSES"},
			[]string{id, "Steve", "now on " + long, "1", "2001:db8:1111:2222:3333:4444:5555:6666 and 2 more"},
			id + "  now on " + long[:20],
		},
		"servers": {
			[]string{"NAME", "GAMEMODE", "ADDRESS", "PLAYERS", "ALIVE SINCE"},
			[]string{long, long, "[2001:db8:1111:2222:3333:4444:5555:6666]:25565", "1", "2030-01-24 18:00:00"},
			"[2001:db8:1111:2222:3333:4444:5555:6666]:25565",
		},
		"online on a long name": {
			[]string{"SERVER", "NAME", "ID", "FOR"}, []string{long, "Steve", id, "2 h"}, id + "  2 h",
		},
		"ledger": {
			[]string{"TIME", "CURRENCY", "CHANGE", "BALANCE", "BY", "WHAT FOR"},
			[]string{"2030-01-24 18:00:00", long, "+123456789012345", "123456789012345", long, long},
			"+123456789012345  123456789012345",
		},
		"wide": {
			[]string{"ID", "NAME", "RANK"}, []string{id, strings.Repeat("漢字", 40), "mod"}, id,
		},
	} {
		var out strings.Builder
		table(&out, test.header, [][]string{test.row, slices.Repeat([]string{"x"}, len(test.row))})
		for line := range strings.Lines(out.String()) {
			if width := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); width > 80 {
				t.Errorf("%s: %d columns: %s", name, width, line)
			}
		}
		isCut := strings.Contains(out.String(), "…")
		if !strings.Contains(out.String(), test.kept) || len(test.row[1]) > 80 && !isCut {
			t.Errorf("%s:\n%s", name, out.String())
		}
	}
	var out strings.Builder
	table(&out, []string{"NAME", "RANK"}, [][]string{{"漢字", "a"}, {"Steve", "b"}})
	if want := "NAME   RANK\n漢字   a\nSteve  b\n"; out.String() != want {
		t.Errorf("got\n%s, want\n%s", out.String(), want)
	}
}

func TestDifferencesOfPlayers(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	before := syncer.NewPlayer("Steve")
	before.OverrideName = new("Boss")
	after := before.Clone()
	after.Rank, after.OverrideName = "admin", nil
	after.History = []syncer.HistoryEntry{{Action: "muted", By: "Notch"}}
	want := "rank player → admin, override name Boss → nothing, history: muted by Notch"
	if got := difference(&before, &after, now); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := difference(nil, &after, now), "rank player → admin, history: muted by Notch"; got != want {
		t.Errorf("of one not seen before: %q, want %q", got, want)
	}
	if got, want := difference(&after, &after, now), "changed"; got != want {
		t.Errorf("of equal ones: %q, want %q", got, want)
	}
}

// Texts beside a name are wrapped on a narrow screen, and shown whole.
func TestTableWithoutHeaderIsWrapped(t *testing.T) {
	t.Setenv("COLUMNS", "40")
	var out strings.Builder
	table(&out, nil, [][]string{{"ban", "7"}, {"reason", "took the flag of the other team, and said so in chat"}})
	want := "ban     7\n" +
		"reason  took the flag of the other team,\n" +
		"        and said so in chat\n"
	if out.String() != want {
		t.Errorf("%s; want\n%s", out.String(), want)
	}
}

// Help fits a terminal of 80 columns.
func TestHelpFits(t *testing.T) {
	t.Parallel()
	var check func(command *cobra.Command)
	check = func(command *cobra.Command) {
		var out strings.Builder
		command.SetOut(&out)
		if err := command.Help(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if width := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); width > helpWidth {
				t.Errorf("%s: %d columns: %s", command.CommandPath(), width, line)
			}
		}
		for _, child := range command.Commands() {
			check(child)
		}
	}
	check(newRootCommand(&app{}))
}

// A sentence goes on in further lines of a screen, and stays one in a pipe.
func TestSentenceFitsTheScreen(t *testing.T) {
	name := strings.Repeat("漢字", 20)
	var out strings.Builder
	t.Setenv("COLUMNS", "80")
	sentence(&out, "online now: %s on %s", name, strings.Repeat("survival-", 7))
	for line := range strings.Lines(out.String()) {
		if width := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); width > 80 {
			t.Errorf("%d columns: %s", width, line)
		}
	}
	t.Setenv("COLUMNS", "")
	out.Reset()
	if sentence(&out, "online now: %s\x1b[2J", name); out.String() != "online now: "+name+"\uFFFD[2J\n" {
		t.Errorf("printed %q", out.String())
	}
}
