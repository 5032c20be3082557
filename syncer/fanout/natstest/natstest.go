// Package natstest runs NATS servers inside of tests.
package natstest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Server is a NATS server that can be stopped and started again at its address.
type Server struct {
	t       testing.TB
	options server.Options
	mu      sync.Mutex
	running *server.Server
}

// Start runs a server until the test ends; adapt may change its options, nil: none.
func Start(t testing.TB, adapt func(*server.Options)) *Server {
	t.Helper()
	s := &Server{t: t, options: options()}
	if adapt != nil {
		adapt(&s.options)
	}
	s.Resume()
	t.Cleanup(s.Stop)
	return s
}

// shared is the server that [Shared] has started; nil: none.
var shared struct {
	sync.Mutex
	running *server.Server
}

// Shared returns the address of a server for all tests of a package, as many networks have one
// NATS. [Main] stops it.
func Shared() string {
	shared.Lock()
	defer shared.Unlock()
	if shared.running == nil {
		options := options()
		running, err := run(&options)
		if err != nil {
			panic(err)
		}
		shared.running = running
	}
	return shared.running.ClientURL()
}

// Main runs the tests of a package that use [Shared].
type Main struct{ Tests *testing.M }

// Run returns the exit code.
func (m Main) Run() int {
	code := m.Tests.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.running != nil {
		shared.running.Shutdown()
		shared.running.WaitForShutdown()
	}
	return code
}

func options() server.Options {
	return server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true}
}

// run starts a server and waits until it takes connections.
func run(options *server.Options) (*server.Server, error) {
	running, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("make a NATS server: %w", err)
	}
	running.Start()
	if !running.ReadyForConnections(time.Minute) {
		return nil, errors.New("the NATS server does not start")
	}
	return running, nil
}

// Resume starts the server again where it was, if it does not run.
func (s *Server) Resume() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return
	}
	options := s.options
	running, err := run(&options)
	if err != nil {
		s.t.Fatal(err)
	}
	s.running = running
	s.options.Port = running.Addr().(*net.TCPAddr).Port
}

// Stop ends the server at once, with all its connections.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		return
	}
	s.running.Shutdown()
	s.running.WaitForShutdown()
	s.running = nil
}

// URL returns its address, without a login.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "nats://" + net.JoinHostPort(s.options.Host, strconv.Itoa(s.options.Port))
}

// WithTLS has the server ask for TLS with a certificate.
func WithTLS(config *tls.Config) func(*server.Options) {
	return func(o *server.Options) { o.TLSConfig, o.TLS = config, true }
}

// WithLogin has the server ask for a password.
func WithLogin(user, password string) func(*server.Options) {
	return func(o *server.Options) { o.Username, o.Password = user, password }
}
