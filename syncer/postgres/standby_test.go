package postgres

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestAStandbyTakesOver lets a standby take the place of its primary, which comes back as the
// other's standby without what nobody else had; once more by copying, as where PostgreSQL's
// own programs for it are not installed.
func TestAStandbyTakesOver(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, s *Server)
	}{
		{"by PostgreSQL's programs", func(*testing.T, *Server) {}},
		{"by copying", withFewPrograms},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := Config{Settings: map[string]string{"full_page_writes": "on"}}
			old := start(t, config)
			test.prepare(t, old)
			execute(t, old, "create table word (word text)")
			execute(t, old, "alter system set wal_log_hints = on")
			execute(t, old, "alter system set wal_keep_size = '1GB'")
			if err := old.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			standby, err := StartStandby(t.Context(), old, config)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := standby.Stop(context.Background()); err != nil {
					t.Error(err)
				}
			})
			execute(t, old, "insert into word values ('both')")
			holds(t, standby, "both")
			if err := standby.Promote(t.Context()); err != nil {
				t.Fatal(err)
			}
			execute(t, old, "insert into word values ('lost')")
			old.Kill()
			execute(t, standby, "insert into word values ('new')")
			if err := old.Follow(t.Context(), standby); err != nil {
				t.Fatal(err)
			}
			holds(t, old, "both new")
			if err := old.Promote(t.Context()); err != nil {
				t.Fatal(err)
			}
			execute(t, old, "insert into word values ('newest')")
			holds(t, old, "both new newest")
		})
	}
}

// withFewPrograms makes a server one of an installation that has no more programs than a
// fetched one.
func withFewPrograms(t *testing.T, s *Server) {
	t.Helper()
	dir := filepath.Dir(dataDir(t))
	for _, name := range []string{"postgres", "initdb"} {
		name = executable(name)
		if err := os.Symlink(filepath.Join(s.config.Binaries.Dir, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s.config.Binaries.Dir = dir
}

func execute(t *testing.T, s *Server, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func holds(t *testing.T, s *Server, want string) {
	t.Helper()
	eventually(t, "the words on "+s.String()+" are "+want, func() bool {
		return query(t, s.URL(), "select coalesce(string_agg(word, ' ' order by word), '') from word") == want
	})
}
