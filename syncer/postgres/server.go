package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const superuser = "postgres"

// Config describes a server. Its zero value is a throw-away server of whatever
// version is found.
type Config struct {
	// Binaries to run; the zero value means: those that Find finds with Search,
	// of the version that made the cluster if there is one.
	Binaries Binaries
	// Search is used if Binaries is zero.
	Search Search
	// Template, if not nil, is copied where a cluster is to be made, instead of making one
	// by initdb; it then says which binaries to run. The copy is not forced to the disk.
	Template *Template
	// DataDir is the server's directory (see the package comment), made if it
	// is missing. "" means a throw-away server.
	DataDir string
	// TempDir is where a throw-away server has its directory; "" means [os.TempDir].
	TempDir string
	// Port on 127.0.0.1; 0 means a free one.
	Port int
	// Durable keeps commits over a crash of the machine. Without it the server
	// does not wait for the disk; it still survives a crash of its own.
	Durable bool
	// Settings are further parameters of postgresql.conf. They win over ours,
	// except for the addresses listened on.
	Settings map[string]string
	// Logger is told of what takes long; nil discards.
	Logger *slog.Logger
}

// Server is a running server, or one between Shutdown, Kill or a crash and
// Restart. Its methods may be called by several goroutines.
type Server struct {
	config    Config
	logger    *slog.Logger
	directory *directory
	password  string

	mu       sync.Mutex // held while the server is started or ended
	port     int
	released bool

	current    sync.Mutex // guards postmaster
	postmaster *process
}

// errStopped is the state after Stop.
var errStopped = errors.New("server was stopped")

// Start makes the cluster if there is none, starts a server on it and returns
// when it takes connections. When ctx ends first, or anything else fails,
// nothing is left running. The server outlives ctx: it is the caller's to Stop.
func Start(ctx context.Context, config Config) (*Server, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	return begin(config, func(s *Server) error {
		if err := s.prepare(ctx); err != nil {
			return err
		}
		return s.start(ctx)
	})
}

// begin opens the directory of a server and starts it there in the way that is given. If
// that fails the directory is given up.
func begin(config Config, start func(*Server) error) (*Server, error) {
	dir, err := openDirectory(config)
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, logger: orDiscard(config.Logger), directory: dir, port: config.Port}
	if err := start(s); err != nil {
		return nil, errors.Join(err, dir.release())
	}
	return s, nil
}

// prepare finds the binaries and makes the cluster.
func (s *Server) prepare(ctx context.Context) error {
	major, err := s.directory.clusterMajor()
	if err != nil {
		return err
	}
	if s.config.Template != nil {
		s.config.Binaries = s.config.Template.binaries
	}
	if s.config.Binaries == (Binaries{}) {
		if s.config.Search.Major == 0 && s.config.Search.Dir == "" {
			s.config.Search.Major = major
		}
		s.config.Binaries, err = Find(ctx, s.logger, s.config.Search)
		if err != nil && major != 0 {
			return fmt.Errorf("data directory %s was made by PostgreSQL %d: %w", s.directory.dir, major, err)
		}
		if err != nil {
			return err
		}
	}
	binaries := s.config.Binaries
	if major != 0 && major != binaries.Major {
		return fmt.Errorf("data directory %s was made by PostgreSQL %d, but %s has PostgreSQL %s: "+
			"use the programs of version %d, or dump with these and restore into a new directory",
			s.directory.dir, major, binaries.Dir, binaries.Version, major)
	}
	if major == 0 {
		if err := s.makeCluster(ctx); err != nil {
			return err
		}
	}
	s.password, err = s.directory.readPassword()
	return err
}

func (s *Server) makeCluster(ctx context.Context) error {
	if s.config.Template != nil {
		return s.config.Template.copyTo(s.directory)
	}
	began := time.Now()
	binaries := s.config.Binaries
	s.logger.InfoContext(ctx, "making database cluster", "dir", s.directory.dir, "version", binaries.Version)
	if err := s.directory.initialise(ctx, binaries, s.config.Durable); err != nil {
		return err
	}
	s.logger.DebugContext(ctx, "made database cluster", "took", time.Since(began))
	return nil
}

// Shutdown ends the server in order and keeps its data for a Restart. When ctx
// ends, or after half a minute, it is ended at once, to recover at its next
// start. It does nothing if the server does not run.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shutdown(ctx)
}

func (s *Server) shutdown(ctx context.Context) {
	if !s.process().stop(ctx) {
		s.logger.WarnContext(ctx, "PostgreSQL did not shut down in time and was ended at once")
	}
}

// Stop is Shutdown and gives up the directory; that of a throw-away server is
// removed. It may be called again; Restart may not follow.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.released {
		return nil
	}
	s.shutdown(ctx)
	s.released = true
	return s.directory.release()
}

// Kill ends the server by SIGKILL, as a crash would, and returns when it and
// its backends are gone (on Linux; elsewhere backends may take a moment).
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.process(); p.running() {
		p.kill()
	}
}

// Restart shuts the server down, if it runs, and starts it again on the same
// port. After a failure it may be tried again.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.released {
		return fmt.Errorf("restart PostgreSQL: %w", errStopped)
	}
	s.shutdown(ctx)
	return s.start(ctx)
}

// Done returns a channel that is closed when the server that runs now has
// ended, for whatever reason. Ask again after Restart.
func (s *Server) Done() <-chan struct{} { return s.process().done }

// PID is the process id of the postmaster that runs now, or ran last.
func (s *Server) PID() int { return s.process().pid() }

// Port is the port on 127.0.0.1. It stays the same over Restart.
func (s *Server) Port() int { return s.port }

// Version is that of the server, for example "18.3".
func (s *Server) Version() string { return s.config.Binaries.Version }

// Binaries is the installation that the server runs from.
func (s *Server) Binaries() Binaries { return s.config.Binaries }

// LogPath names the file to which the server writes its log.
func (s *Server) LogPath() string { return s.directory.log() }

// URL is the connection URL of the superuser for the database postgres. It
// holds the password: do not log it.
func (s *Server) URL() string { return s.DatabaseURL("postgres") }

// DatabaseURL is the connection URL of the superuser for the named database, which further
// servers may have too. It holds the password: do not log it.
func (s *Server) DatabaseURL(name string, further ...*Server) string {
	hosts := []string{s.address()}
	for _, other := range further {
		hosts = append(hosts, other.address())
	}
	return (&url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Host:     strings.Join(hosts, ","),
		Path:     "/" + name,
		RawQuery: "sslmode=disable",
	}).String()
}

func (s *Server) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Psql is a line for a shell that connects psql as the superuser. It names the file
// that holds the password, and so may be logged.
func (s *Server) Psql() string {
	file := strings.ReplaceAll(s.directory.password(), `'`, `'\''`)
	return fmt.Sprintf("PGPASSWORD=$(cat '%s') psql -h 127.0.0.1 -p %d -U %s", file, s.port, superuser)
}

// String tells version and place, not the password.
func (s *Server) String() string {
	return fmt.Sprintf("PostgreSQL %s on 127.0.0.1:%d in %s", s.Version(), s.port, s.directory.dir)
}

// LogValue is String, for slog.
func (s *Server) LogValue() slog.Value { return slog.StringValue(s.String()) }

func (s *Server) process() *process {
	s.current.Lock()
	defer s.current.Unlock()
	return s.postmaster
}
