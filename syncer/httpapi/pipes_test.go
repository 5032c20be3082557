package httpapi

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
)

// pipes is a network in memory, so that the time-outs of its connections are by the clock of
// a bubble of synctest.
type pipes struct {
	dialled chan net.Conn
	closed  chan struct{}
	close   func()
}

// runInBubble serves the fixture until the test ends.
func (f *fixture) runInBubble(t *testing.T) *pipes {
	t.Helper()
	p := &pipes{dialled: make(chan net.Conn), closed: make(chan struct{})}
	p.close = sync.OnceFunc(func() { close(p.closed) })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.server.Serve(ctx, p) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return p
}

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.dialled <- server
	return client
}

func (p *pipes) client() *http.Client {
	dial := func(context.Context, string, string) (net.Conn, error) { return p.dial(), nil }
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}
}

// Accept returns what was dialled next.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.dialled:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (p *pipes) Close() error {
	p.close()
	return nil
}

// Addr is nowhere.
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }
