package store

import (
	"errors"
	"net"
	"testing"
	"time"

	"playersync/syncer/postgres/pgtest"
)

// pair returns both ends of a TCP connection.
func pair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if client, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	return client, server
}

func TestAliveTellsWhetherAnythingWaits(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(server net.Conn){
		"farewell": func(server net.Conn) { _, _ = server.Write([]byte("E")) },
		"closed":   func(server net.Conn) { _ = server.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, server := pair(t)
			if !alive(client) {
				t.Fatal("a quiet connection counts as dead")
			}
			end(server)
			pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
				if alive(client) {
					return errors.New("the ended session counts as alive")
				}
				return nil
			})
		})
	}
}

// pgx's reader in the background waits on the connection while it is idle.
func TestAliveDoesNotWaitForAReader(t *testing.T) {
	t.Parallel()
	client, server := pair(t)
	reading, read := make(chan struct{}), make(chan error)
	go func() {
		close(reading)
		_, err := client.Read(make([]byte, 1))
		read <- err
	}()
	<-reading
	answers := make(chan bool)
	for range 10_000 { // most of them meet the reader
		go func() { answers <- alive(client) }()
		select {
		case quiet := <-answers:
			if !quiet {
				t.Fatal("a quiet connection counts as dead")
			}
		case <-time.After(pgtest.WaitTimeout):
			t.Fatal("alive waits for somebody else's read")
		}
	}
	_ = server.Close()
	if err := <-read; err == nil {
		t.Error("the reader got a byte that nobody sent")
	}
}
