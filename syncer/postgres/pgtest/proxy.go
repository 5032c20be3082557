package pgtest

import (
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy stands between clients and a server and does to their connections what
// a bad network does. Its methods may be called by several goroutines.
type Proxy struct {
	target   *url.URL
	listener net.Listener
	running  sync.WaitGroup

	// flow is held for reading by who passes bytes on, for writing while stalled.
	flow    sync.RWMutex
	stall   sync.Mutex // guards stalled
	stalled bool

	mu     sync.Mutex // guards the rest
	links  map[*link]struct{}
	refuse bool
	closed bool

	rate atomic.Int64 // bytes that pass to each client in a second; 0: no limit

	counted sync.Mutex // guards quota
	quota   int        // bytes that clients still get before they are cut off; negative: no limit
}

// link is one client's connection and, once there is one, the server's.
type link struct {
	client, server net.Conn
	stranded       atomic.Bool // what either side says, and its end, reaches nobody any more
}

// NewProxy starts a proxy in front of the server that a connection URL names;
// it ends with the test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	parsed, err := url.Parse(target)
	if err != nil {
		t.Fatal("parse the proxy's target: malformed URL") // the error would show the password
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start proxy: %v", err)
	}
	p := &Proxy{target: parsed, listener: listener, links: map[*link]struct{}{}, quota: unlimited}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// URL is the target's URL by way of the proxy.
func (p *Proxy) URL() string {
	through := *p.target
	through.Host = p.listener.Addr().String()
	return through.String()
}

// Stall stops the flow of bytes in both directions; when it returns nothing
// passes any more. Connections stay open and new ones are accepted, but no
// word comes from the other side. It may be called again.
func (p *Proxy) Stall() {
	p.stall.Lock()
	defer p.stall.Unlock()
	if !p.stalled {
		p.flow.Lock()
		p.stalled = true
	}
}

// Resume undoes Stall. What was sent meanwhile arrives, unless cut.
func (p *Proxy) Resume() {
	p.stall.Lock()
	defer p.stall.Unlock()
	if p.stalled {
		p.stalled = false
		p.flow.Unlock()
	}
}

// Cut resets all connections, on both sides. New ones can be made.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut()
}

func (p *Proxy) cut() {
	for l := range p.links {
		reset(l.client)
		if l.server != nil {
			reset(l.server)
		}
	}
}

// Strand leaves all connections half-open, as when a host vanishes: both sides take them for
// whole, but nothing that one says, nor that it closes them, reaches the other. New ones can
// be made.
func (p *Proxy) Strand() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.stranded.Store(true)
	}
}

// CutAfter lets clients get that many more bytes from the server, all together. Then the
// client that gets the last one is cut off, while the server reads on what it was sent, and
// there is no limit any more. A negative number means no limit.
func (p *Proxy) CutAfter(bytes int) {
	p.counted.Lock()
	defer p.counted.Unlock()
	p.quota = bytes
}

// Throttle lets so many bytes in a second pass to each client; 0 means no limit.
func (p *Proxy) Throttle(bytes int) { p.rate.Store(int64(bytes)) }

// slow waits for as long as n bytes take.
func (p *Proxy) slow(n int) {
	if rate := p.rate.Load(); rate > 0 {
		<-time.After(time.Duration(n) * time.Second / time.Duration(rate))
	}
}

// Left returns how many bytes are left of those that CutAfter allows; negative: no limit.
func (p *Proxy) Left() int {
	p.counted.Lock()
	defer p.counted.Unlock()
	return p.quota
}

// allow returns how many of n bytes may pass to a client, and whether it is cut off then.
func (p *Proxy) allow(n int) (passing int, cut bool) {
	p.counted.Lock()
	defer p.counted.Unlock()
	if p.quota < 0 || n < p.quota {
		if p.quota >= 0 {
			p.quota -= n
		}
		return n, false
	}
	passing, p.quota = p.quota, unlimited
	return passing, true
}

// Refuse resets each new connection at once, or ceases to. Those that stand
// are left alone.
func (p *Proxy) Refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = refuse
}

// Connections counts the clients that are connected.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	p.listener.Close()
	p.cut()
	p.mu.Unlock()
	p.Resume()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		l := &link{client: client}
		p.mu.Lock()
		if p.refuse || p.closed {
			reset(client)
		} else {
			p.links[l] = struct{}{}
			p.running.Go(func() { p.serve(l) })
		}
		p.mu.Unlock()
	}
}

// serve connects a client to the server and passes bytes both ways until
// either side ends.
func (p *Proxy) serve(l *link) {
	defer p.forget(l)
	if !p.connect(l) {
		return
	}
	var directions sync.WaitGroup
	directions.Go(func() { p.pass(l.server, l.client, &l.stranded, everything) })
	directions.Go(func() {
		p.pass(l.client, l.server, &l.stranded, func(n int) (passing int, cut bool) {
			p.slow(n)
			return p.allow(n)
		})
	})
	directions.Wait()
}

// connect dials the server, but not while the proxy is stalled.
func (p *Proxy) connect(l *link) bool {
	p.flow.RLock()
	server, err := net.Dial("tcp", p.target.Host)
	p.flow.RUnlock()
	if err != nil {
		return false
	}
	p.mu.Lock()
	l.server = server
	p.mu.Unlock()
	return true
}

func (p *Proxy) forget(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
	l.client.Close()
	if l.server != nil {
		l.server.Close()
	}
}

// unlimited is the quota of bytes without a limit.
const unlimited = -1

func everything(n int) (passing int, cut bool) { return n, false }

// pass copies as much as is allowed until the source ends, then ends the destination too,
// unless they are stranded.
func (p *Proxy) pass(
	destination io.WriteCloser, source io.Reader, stranded *atomic.Bool, allow func(n int) (passing int, cut bool),
) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := source.Read(buffer)
		if stranded.Load() {
			if err != nil {
				return
			}
			continue
		}
		passing, cut := allow(n)
		p.flow.RLock()
		_, failed := destination.Write(buffer[:passing])
		p.flow.RUnlock()
		if err != nil || failed != nil || cut {
			destination.Close()
			return
		}
	}
}

// reset closes a connection as a crash of the other side would.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails only on a closed connection
	}
	conn.Close()
}
