package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

func TestRefusedEdits(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('a')`)
	revision := value[int64](t, conn, `select revision from player`)
	long := strings.Repeat("x", 600)
	for _, test := range []struct {
		id       syncer.PlayerID
		edit     merge.Edit
		expected *int64
		code     syncer.Code
		field    string
	}{
		{"nobody", merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("mod")}}, nil, syncer.CodeNotFound, ""},
		{"nobody", merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("mod")}}, &revision, syncer.CodeNotFound, ""},
		{
			"a",
			merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("mod")}},
			new(revision - 1), syncer.CodeStale,
			"If-Match",
		},
		{"a", merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("")}}, nil, syncer.CodeInvalid, "rank"},
		{"a", merge.Edit{Flags: merge.SetEdit{Add: []string{long}}}, nil, syncer.CodeInvalid, "flags"},
		{"a", merge.Edit{Scalars: merge.Scalars{Name: syncer.Some(long)}}, nil, syncer.CodeInvalid, "name"},
		{
			"a",
			merge.Edit{Scalars: merge.Scalars{OverrideName: syncer.Some(&long)}},
			nil, syncer.CodeInvalid,
			"overrideName",
		},
		{"a", merge.Edit{Scalars: merge.Scalars{Highlight: syncer.Some(&long)}}, nil, syncer.CodeInvalid, "highlight"},
		{
			"a",
			merge.Edit{Scalars: merge.Scalars{Rainbow: syncer.Some(&syncer.Rainbow{})}},
			nil, syncer.CodeInvalid,
			"rainbow.speed",
		},
		{
			"a",
			merge.Edit{Scalars: merge.Scalars{ChatStrictness: syncer.Some("x")}},
			nil, syncer.CodeInvalid,
			"chatStrictness",
		},
		{"a", merge.Edit{Scalars: merge.Scalars{Language: syncer.Some(long)}}, nil, syncer.CodeInvalid, "language"},
		{
			"a",
			merge.Edit{Scalars: merge.Scalars{Achievements: syncer.Some(new("x"))}},
			nil, syncer.CodeInvalid,
			"achievements",
		},
		{
			"a",
			merge.Edit{
				Scalars: merge.Scalars{Rank: syncer.Some("mod")},
				History: []syncer.HistoryEntry{{Time: syncer.Millis(1)}},
			},
			nil, syncer.CodeInvalid, "history.action",
		},
	} {
		_, changes, err := s.EditPlayer(context.Background(), test.id, test.edit, test.expected)
		refusal, _ := errors.AsType[*syncer.Error](err)
		if refusal == nil || refusal.Code != test.code || refusal.Field != test.field || len(changes) > 0 {
			t.Errorf("%q %+v: %v, want %s of %s", test.id, test.edit, err, test.code, test.field)
		}
	}
	run(t, conn, `update player set attributes = jsonb_build_object('a', repeat('x', 1048000))`)
	_, _, err := s.EditPlayer(context.Background(), "a",
		merge.Edit{Attributes: []json.RawMessage{json.RawMessage(`{"b": "` + long + `"}`)}}, nil)
	if want := "attributes: together with what is stored must take at most 1 MiB and be nested at most 64 deep; " +
		"remove a key by setting it to null"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("too much together: %v, want %s", err, want)
	}
	run(t, conn, `update player set attributes = '{}'`)
	revision = value[int64](t, conn, `select revision from player`)
	if value[bool](t, conn, `select rank <> 'player' or name <> '' or flags <> '{}' from player`) {
		t.Error("a refused edit was stored")
	}
	if _, _, err := s.EditPlayer(context.Background(), "a",
		merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("mod")}}, &revision); err != nil {
		t.Errorf("at the expected revision: %v", err)
	}
}

func TestEditsWithoutADatabase(t *testing.T) {
	t.Parallel()
	_, url := database(t)
	run(t, psql(t, url), `insert into player (uuid) values ('a')`)
	proxy := pgtest.NewProxy(t, url)
	s, err := store.Open(context.Background(), proxy.URL(), store.Options{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	edit := func() error {
		_, _, err := s.EditPlayer(context.Background(), "a",
			merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("mod")}}, nil)
		return err
	}
	if err := edit(); err != nil {
		t.Fatal(err)
	}
	proxy.Cut()
	pgtest.Eventually(t, time.Minute, func() error { // the farewell must have arrived
		if n := proxy.Connections(); n > 0 {
			return errors.New("still connected")
		}
		return nil
	})
	if err := edit(); err != nil {
		t.Errorf("after idle connections were cut: %v", err)
	}
	proxy.Refuse(true)
	proxy.Cut()
	pgtest.Eventually(t, time.Minute, func() error {
		if code := syncer.CodeOf(edit()); code != syncer.CodeUnavailable {
			return errors.New("code " + string(code))
		}
		return nil
	})
	proxy.Refuse(false)
	if err := edit(); err != nil {
		t.Errorf("after the database came back: %v", err)
	}
}

// A connection that breaks while the answer is due leaves unknown the outcome of
// the edit, and the caller is told so.
func TestOutcomeOfACutEditIsUnknown(t *testing.T) {
	t.Parallel()
	conn, url := database(t)
	run(t, conn, `insert into player (uuid) values ('a')`)
	proxy := pgtest.NewProxy(t, url)
	s, err := store.Open(context.Background(), proxy.URL(), store.Options{Timeout: time.Minute, Name: "cut"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	rival := psql(t, url)
	run(t, rival, `begin`)
	run(t, rival, `update player set name = 'x'`)
	done := make(chan error, 1)
	go func() {
		_, _, err := s.EditPlayer(context.Background(), "a",
			merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("mod")}}, nil)
		done <- err
	}()
	pgtest.Eventually(t, time.Minute, func() error {
		if !value[bool](t, conn,
			`select exists (
				select from pg_stat_activity
				where application_name = 'playersync cut' and wait_event_type = 'Lock'
			)`) {
			return errors.New("the edit does not wait for its rival")
		}
		return nil
	})
	proxy.Cut()
	if err := <-done; syncer.CodeOf(err) != syncer.CodeOutcomeUnknown {
		t.Errorf("the cut edit: %v", err)
	}
	run(t, rival, `commit`)
}

func TestErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://me:hush@127.0.0.1:1/x", "postgres://me:hush@127.0.0.1:port/x", "postgres://me:hush@[::1/x",
		"postgres://me:hush@h/x?sslmode=odd",
		"host=127.0.0.1 port=odd password=hush", "host=127.0.0.1 port=1 password=hush", "password=hush =",
		"postgres://me:hu sh%zz@h/x",
	} {
		s, err := store.Open(context.Background(), url, store.Options{})
		if err == nil {
			err = s.Ping(context.Background())
			s.Close()
		}
		expectSecret(t, url, err)
		m, err := store.NewMigrator(url)
		if err == nil {
			_, err = m.Pending(context.Background())
			_ = m.Close()
		}
		expectSecret(t, url, err)
		if s, err = store.Open(context.Background(), "host=127.0.0.1 port=1",
			store.Options{ListenURL: url}); err == nil {
			_, err = s.OpenFeed(context.Background())
			s.Close()
		}
		expectSecret(t, url, err)
	}
}

func expectSecret(t *testing.T, url string, err error) {
	t.Helper()
	if err == nil || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "hu sh") ||
		strings.Contains(err.Error(), url) {
		t.Errorf("%s: %v", url, err)
	}
}
