package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// StartStandby starts a server that follows a running one by streaming replication, for tests of
// what clients do when a primary is replaced. It has the primary's binaries and superuser
// password. Of the configuration Binaries and Template do not count, and the primary must keep
// its WAL for as long as the standby may be behind.
func StartStandby(ctx context.Context, primary *Server, config Config) (*Server, error) {
	config.Binaries, config.Template = primary.config.Binaries, nil
	return begin(config, func(s *Server) error {
		if err := primary.directory.copyPassword(s.directory); err != nil {
			return err
		}
		s.password = primary.password
		if err := s.copyOf(ctx, primary); err != nil {
			return err
		}
		return s.start(ctx)
	})
}

// Promote makes a standby a primary, and returns once it takes writes.
func (s *Server) Promote(ctx context.Context) error {
	return s.execute(ctx, "select 1 / pg_promote(true, 600)::integer")
}

func (s *Server) execute(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// Follow makes a server that was a primary, and has been shut down or killed, a standby of
// another that took its place: what only it has is taken back by pg_rewind. It must have run
// with full_page_writes, and with wal_log_hints and wal_keep_size from ALTER SYSTEM: pg_rewind
// starts the server without our settings. Where it is not installed everything is copied.
func (s *Server) Follow(ctx context.Context, primary *Server) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	program, err := s.program("pg_rewind")
	if err != nil {
		if err := os.RemoveAll(s.directory.data()); err != nil {
			return fmt.Errorf("remove old cluster: %w", err)
		}
		if err := s.copyOf(ctx, primary); err != nil {
			return err
		}
		return s.start(ctx)
	}
	// Until the first checkpoint after its promotion the primary's files name the old timeline.
	if err := primary.execute(ctx, "checkpoint"); err != nil {
		return err
	}
	rewind := exec.CommandContext(ctx, program, "--target-pgdata", s.directory.data(), "--no-sync",
		"--write-recovery-conf", "--source-server", primary.URL())
	if err := s.directory.run(ctx, rewind); err != nil {
		return err
	}
	return s.start(ctx)
}

// copyOf makes the cluster a standby's copy of the primary's: by pg_basebackup, or where that
// is not installed by copying the files while the primary is stopped.
func (s *Server) copyOf(ctx context.Context, primary *Server) error {
	data := s.directory.data()
	program, err := s.program("pg_basebackup")
	if err != nil {
		if err := primary.copiedWhileStopped(ctx, s.directory); err != nil {
			return err
		}
		signal := filepath.Join(data, "standby.signal")
		if err := os.WriteFile(signal, nil, 0o600); err != nil {
			return fmt.Errorf("make a standby: %w", err)
		}
		file, err := os.OpenFile(filepath.Join(data, "postgresql.auto.conf"), os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return fmt.Errorf("make a standby: %w", err)
		}
		_, err = fmt.Fprintf(file, "primary_conninfo = '%s'\n", strings.ReplaceAll(primary.URL(), "'", "''"))
		return errors.Join(err, file.Close(), s.directory.account.chown(signal))
	}
	if err := os.Mkdir(data, 0o700); err != nil {
		return fmt.Errorf("make cluster directory: %w", err)
	}
	if err := s.directory.account.chown(data); err != nil {
		return err
	}
	return s.directory.run(ctx, exec.CommandContext(ctx, program, "--pgdata", data, "--checkpoint=fast", "--no-sync",
		"--wal-method=stream", "--write-recovery-conf", "--dbname", primary.URL()))
}

// copiedWhileStopped copies the cluster's files to another directory.
func (s *Server) copiedWhileStopped(ctx context.Context, to *directory) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shutdown(ctx)
	return errors.Join(s.directory.copyCluster(to), s.start(ctx))
}

// program returns the path of one of PostgreSQL's programs that fetched builds lack.
func (s *Server) program(name string) (string, error) {
	path := filepath.Join(s.config.Binaries.Dir, executable(name))
	_, err := os.Stat(path)
	return path, err
}
