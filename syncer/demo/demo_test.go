package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"playersync/syncer/postgres/pgtest"
)

// recordedDemo is a demo whose text is kept.
type recordedDemo struct {
	*Demo
	text *bytes.Buffer
}

// begin starts a demo; at the test's end it is closed, and must leave nothing.
func begin(t *testing.T, chapters ...Chapter) recordedDemo {
	t.Helper()
	var text bytes.Buffer
	d, err := Start(t.Context(), Options{Out: &text, Chapters: chapters, Postgres: pgtest.Config(t)})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(d.postgres.LogPath())
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("directory %s was left: %v", dir, err)
		}
		if t.Failed() {
			t.Logf("the story:\n%s", &text)
		}
	})
	return recordedDemo{d, &text}
}

func (d recordedDemo) contains(t *testing.T, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(d.text.String(), part) {
			t.Errorf("the story does not say %q", part)
		}
	}
}

func TestStoryHolds(t *testing.T) {
	t.Parallel()
	d := begin(t)
	result, err := d.Play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !result.Holds || len(result.Chapters) != len(Chapters()) {
		t.Errorf("got %+v", result)
	}
	for _, chapter := range result.Chapters {
		claims, failed := Result{Chapters: []ChapterResult{chapter}}.Count()
		if claims < 2 || failed > 0 || !chapter.Holds || chapter.Error != "" {
			t.Errorf("%s: %d claims, %d failed, %+v", chapter.Title, claims, failed, chapter)
		}
		d.contains(t, chapter.Title)
	}
	d.contains(t, "✓ All ")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Wait(ended); err != nil {
		t.Errorf("wait: %v", err)
	}
	for server, url := range d.Addresses().Servers {
		d.contains(t, url+"/v1/players/steve", server)
	}
	d.contains(t, "/openapi.json", "/console/enter?key=", "Ctrl-C")
	for line := range strings.Lines(d.text.String()) {
		if utf8.RuneCountInString(line) > 100+len("\n") {
			t.Errorf("too wide for a terminal: %s", line)
		}
		if strings.Contains(line, "\x1b") {
			t.Errorf("colours without being asked for: %q", line)
		}
	}
}

func TestFailuresAreTold(t *testing.T) {
	t.Parallel()
	d := begin(
		t,
		Chapter{"A wrong claim", func(_ context.Context, s *Stage) error {
			s.Check("water is wet", "dry", "wet")
			s.DidCheck(pvp, "Steve joins", 0, "refused", "let in")
			return nil
		}},
		Chapter{"An error", func(ctx context.Context, s *Stage) error {
			return s.Psql.Run(ctx, "select nonsense")
		}},
		Chapter{"A good one", func(ctx context.Context, s *Stage) error {
			if err := s.welcomeSteve(ctx, s.PvP); err != nil {
				return err
			}
			s.Check("water is wet", "wet", "wet")
			return nil
		}},
	)
	result, err := d.Play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if claims, failed := result.Count(); result.Holds || claims != 4 || failed != 3 {
		t.Errorf("%d claims, %d failed, %+v", claims, failed, result)
	}
	for i, holds := range []bool{false, false, true} {
		if result.Chapters[i].Holds != holds {
			t.Errorf("got %+v", result.Chapters[i])
		}
	}
	d.contains(
		t, " ✗ water is wet\n   expected  wet\n   got       dry\n", " ✗ pvp       Steve joins", "expected  let in",
		` ✗ could not go on: run "select nonsense" in psql`, " ✓ water is wet", "✗ 3 of 4 claims did not hold.",
	)
}

func TestStoryEndsWithItsDatabase(t *testing.T) {
	t.Parallel()
	var d recordedDemo
	d = begin(
		t,
		Chapter{"The database is killed", func(ctx context.Context, s *Stage) error {
			if err := s.welcomeSteve(ctx, s.Survival); err != nil {
				return err
			}
			d.postgres.Kill()
			_, err := s.Survival.Patch(ctx, steve, map[string]any{"rank": "mod"})
			return err
		}},
		Chapter{"Never played", func(context.Context, *Stage) error {
			t.Error("played without a database")
			return nil
		}},
	)
	result, err := d.Play(t.Context())
	if err == nil || !strings.Contains(err.Error(), "PostgreSQL ended by itself") {
		t.Errorf("got %v", err)
	}
	if result.Holds || len(result.Chapters) != 1 || !strings.Contains(result.Chapters[0].Error, "503") {
		t.Errorf("got %+v", result)
	}
	if err := d.Wait(t.Context()); err == nil {
		t.Error("waits without a database")
	}
}

func TestStoryIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	d := begin(t, Chapter{"Interrupted", func(ctx context.Context, s *Stage) error {
		mark := s.PvP.Mark()
		interrupt()
		_, err := mark.Until(ctx, "nothing", func(Event) bool { return true })
		return err
	}})
	result, err := d.Play(ctx)
	if !errors.Is(err, context.Canceled) || result.Holds {
		t.Errorf("got %+v, %v", result, err)
	}
	if strings.Contains(d.text.String(), "✗") {
		t.Error("an interrupt is reported as a failure")
	}
}

func TestStartIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	// Progress tells how far the start has come.
	_, err := Start(ctx, Options{Progress: when{"syncer of " + pvp, interrupt}, Postgres: pgtest.Config(t)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// when calls a function once something begins.
type when struct {
	begins string
	then   func()
}

func (w when) Begin(what string) {
	if strings.Contains(what, w.begins) {
		w.then()
	}
}

func (when) End() {}

func TestResultReadsInMilliseconds(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(Step{By: pvp, What: "joins", Took: new(Millis(1234567))})
	if want := `{"by":"pvp","what":"joins","tookMs":1.235}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
}
