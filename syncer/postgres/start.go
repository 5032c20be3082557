package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// orphanTimeout is how long a postmaster whose parent was killed may take to
	// end.
	orphanTimeout = 5 * time.Second
	// startAttempts bounds the tries with another port, or while the memory of
	// a killed server is still in use by its last backends.
	startAttempts = 5
	// longestLog is the size in bytes from which the log is begun anew.
	longestLog = 16 << 20
)

// errTryAgain marks a start that failed for a reason that passes.
var errTryAgain = errors.New("start failed for a passing reason")

// start runs the postmaster and waits until it takes connections.
func (s *Server) start(ctx context.Context) error {
	if err := s.awaitOrphan(ctx); err != nil {
		return err
	}
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for attempt := 1; ; attempt++ {
		if err := s.choosePort(); err != nil {
			return err
		}
		err := s.startOnce(ctx)
		if !errors.Is(err, errTryAgain) || attempt == startAttempts {
			return err
		}
		if s.process() == nil {
			s.port = s.config.Port // nobody knows the port yet: try another
		}
		<-ticker.C
	}
}

// choosePort keeps the port that the server had, for the sake of its clients.
func (s *Server) choosePort() error {
	if s.port != 0 {
		return checkPort(s.port)
	}
	port, err := freePort()
	s.port = port
	return err
}

// awaitOrphan waits for the end of a postmaster that another process of ours
// left when it was killed. We hold the lock, so no other process may start one.
func (s *Server) awaitOrphan(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, orphanTimeout)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		pid, err := s.directory.livePostmaster()
		if err != nil || pid == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("data directory %s is in use by another PostgreSQL server, process %d: "+
				"stop that one (kill -INT %d) or name another directory", s.directory.dir, pid, pid)
		case <-ticker.C:
		}
	}
}

func (s *Server) startOnce(ctx context.Context) error {
	log, offset, err := s.openLog()
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(s.config.Binaries.Dir, executable("postgres")), s.arguments()...)
	cmd.Env = serverEnv()
	// A file, not a pipe: the server must not wait for us when we are slow.
	cmd.Stdout, cmd.Stderr = log, log
	s.directory.account.apply(cmd)
	signal := signalImmediate
	if s.config.Durable {
		signal = signalFast
	}
	bindLifetime(cmd, signal)
	began := time.Now()
	p, err := launch(cmd)
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := s.awaitReady(ctx, p); err != nil {
		p.stop(ctx)
		return startError(err, readFrom(s.directory.log(), offset))
	}
	s.current.Lock()
	s.postmaster = p
	s.current.Unlock()
	s.logger.InfoContext(ctx, "PostgreSQL is ready",
		"version", s.Version(), "port", s.port, "took", time.Since(began), "psql", s.Psql())
	return nil
}

// arguments are those of the postmaster.
func (s *Server) arguments() []string {
	settings := map[string]string{}
	if !s.config.Durable {
		settings["fsync"] = "off"
		settings["full_page_writes"] = "off"
	}
	if s.directory.temporary {
		settings["max_connections"] = "300"
		settings["dynamic_shared_memory_type"] = "mmap" // goes with the directory, and containers have little /dev/shm
	}
	maps.Copy(settings, s.config.Settings)
	settings["listen_addresses"] = "127.0.0.1"
	settings["unix_socket_directories"] = ""
	arguments := []string{"-D", s.directory.data(), "-p", strconv.Itoa(s.port)}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		arguments = append(arguments, "-c", name+"="+settings[name])
	}
	return arguments
}

// awaitReady polls until a connection succeeds, the postmaster ends or ctx does.
func (s *Server) awaitReady(ctx context.Context, p *process) error {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	report := time.NewTicker(5 * time.Second)
	defer report.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for PostgreSQL: %w", ctx.Err())
		case <-p.done:
			return fmt.Errorf("start PostgreSQL: it ended: %w", p.reason())
		case <-report.C:
			s.logger.InfoContext(ctx, "waiting for PostgreSQL, which may be recovering", "dir", s.directory.dir)
		case <-poll.C:
			if s.directory.ready(p.pid()) {
				return s.ping(ctx)
			}
		}
	}
}

func (s *Server) ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	return conn.Close(ctx)
}

// openLog opens the log for appending and returns its size. One that grew too
// long is set aside.
func (s *Server) openLog() (*os.File, int64, error) {
	path := s.directory.log()
	if info, err := os.Stat(path); err == nil && info.Size() > longestLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, 0, fmt.Errorf("rotate log: %w", err)
		}
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, fmt.Errorf("open log: %w", err)
	}
	return file, info.Size(), nil
}

// readFrom returns what was logged since an offset.
func readFrom(path string, offset int64) []byte {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	content, _ := io.ReadAll(io.NewSectionReader(file, offset, longestLog))
	return content
}

// startError adds the end of the server's log to the reason why it did not start.
func startError(err error, log []byte) error {
	text := tail(log)
	if strings.Contains(text, "could not bind") || strings.Contains(text, "pre-existing shared memory block") {
		return fmt.Errorf("%w: %w\n%s", errTryAgain, err, text)
	}
	return fmt.Errorf("%w\n%s", err, text)
}
