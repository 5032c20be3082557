package fanout

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// The pauses between attempts to connect, the first without a random part.
const (
	reconnectWait   = 100 * time.Millisecond
	reconnectJitter = 400 * time.Millisecond
)

// pingInterval is how often a connection is asked for a sign. One that gives none until the
// next time is given up.
const pingInterval = 5 * time.Second

// connectOptions are those of the connection to NATS, which is tried again for ever.
func (f *Fanout) connectOptions() ([]nats.Option, error) {
	login, err := f.config.login()
	if err != nil {
		return nil, err
	}
	return append(login,
		nats.FlusherTimeout(f.config.Timeout),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(reconnectJitter, reconnectJitter),
		nats.ReconnectBufSize(-1), // a hint is of no use later
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { f.disconnected(err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { f.failed(err) }),
		nats.ConnectHandler(f.connected),
		nats.ReconnectHandler(f.connected),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { f.troubled(err) }),
	), nil
}

// login is who connects, and how the connection is guarded.
func (c Config) login() ([]nats.Option, error) {
	options := []nats.Option{nats.Name("playersync " + c.Name), nats.Timeout(c.Timeout)}
	if c.Credentials != "" {
		if err := checkCredentials(c.Credentials); err != nil {
			return nil, fmt.Errorf("nats.credentials: %w", err)
		}
		options = append(options, nats.UserCredentials(c.Credentials))
	}
	if c.CA == "" && c.Cert == "" {
		return options, nil
	}
	secure, err := c.tls()
	if err != nil {
		return nil, err
	}
	return append(options, nats.Secure(secure)), nil
}

// checkCredentials refuses a file without a user's key. It is read anew for each connection.
func checkCredentials(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	key, err := nkeys.ParseDecoratedUserNKey(text)
	if err != nil {
		return fmt.Errorf("%s holds no key of a user: %w", file, err)
	}
	key.Wipe()
	return nil
}

// tls returns how the connection is encrypted, and certificates are checked.
func (c Config) tls() (*tls.Config, error) {
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		text, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("nats.tls.ca: %w", err)
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("nats.tls.ca: %s holds no certificate in PEM form", c.CA)
		}
	}
	if c.Cert == "" {
		return secure, nil
	}
	if _, err := tls.LoadX509KeyPair(c.Cert, c.Key); err != nil {
		return nil, fmt.Errorf("nats.tls.cert, nats.tls.key: %w", err)
	}
	secure.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key) // anew: it may have been replaced
		return &pair, err
	}
	return secure, nil
}

// use takes the connection, which may be there by now or later.
func (f *Fanout) use(conn *nats.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn = conn
	f.subscribe()
}

// connected makes known that the connection is there.
func (f *Fanout) connected(conn *nats.Conn) {
	f.log.Info("connected to NATS", "server", conn.ConnectedUrlRedacted())
}

// disconnected makes known that messages are lost from now on.
func (f *Fanout) disconnected(err error) {
	f.mu.Lock()
	f.heard, f.forbidden = [places]signOfLife{}, ""
	f.mu.Unlock()
	f.failed(err)
	f.miss()
}

// failed remembers why NATS is away.
func (f *Fanout) failed(err error) {
	if err == nil {
		return // the connection was closed from here
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failure = reasonOf(err)
}

// reasonOf says why NATS is away.
func reasonOf(err error) string {
	if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) {
		return "it refuses the login: check nats.url and nats.credentials"
	}
	return strings.TrimPrefix(err.Error(), "nats: ")
}

// troubled takes in what goes wrong on a connection that goes on.
func (f *Fanout) troubled(err error) {
	switch {
	case errors.Is(err, nats.ErrSlowConsumer):
		f.metrics.dropped.Inc()
		f.miss()
	case errors.Is(err, nats.ErrPermissionViolation):
		f.mu.Lock()
		defer f.mu.Unlock()
		f.forbidden = reasonOf(err)
	}
}

// miss has the feed poll: something may have been lost on its way here.
func (f *Fanout) miss() {
	select {
	case f.missed <- struct{}{}:
	default:
	}
}
