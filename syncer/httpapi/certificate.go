package httpapi

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
)

// certificate is that of the files of the configuration, which are read at each handshake,
// so that a renewed one is used at once. It is safe for concurrent use.
type certificate struct {
	config Config
	log    *slog.Logger

	mu        sync.Mutex
	cert, key []byte // the files as they were when current was read
	current   *tls.Certificate
	failure   string // why they cannot be used now, logged once
}

// loadCertificate reads the files, nil if none are configured.
func loadCertificate(config Config, log *slog.Logger) (*certificate, error) {
	if config.TLSCert == "" {
		return nil, nil
	}
	c := &certificate{config: config, log: log}
	if err := c.read(); err != nil {
		return nil, err
	}
	return c, nil
}

// serverConfig returns how connections are made.
func (c *certificate) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.newest(), nil },
	}
}

// newest returns the certificate of the files, or the last one that could be used.
func (c *certificate) newest() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	failure := ""
	if err := c.read(); err != nil {
		failure = err.Error()
	}
	if failure != "" && failure != c.failure {
		c.log.Warn("cannot use the certificate in the files; going on with the one before", "error", failure)
	}
	c.failure = failure
	return c.current
}

// read takes in the files if they have changed.
func (c *certificate) read() error {
	cert, err := os.ReadFile(c.config.TLSCert)
	if err != nil {
		return fmt.Errorf("http.tls.cert: %w", err)
	}
	key, err := readKey(c.config.TLSKey)
	if err != nil {
		return fmt.Errorf("http.tls.key: %w", err)
	}
	if bytes.Equal(cert, c.cert) && bytes.Equal(key, c.key) {
		return nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("http.tls: %s and %s are no certificate with its key: %w",
			c.config.TLSCert, c.config.TLSKey, err)
	}
	if c.current != nil {
		c.log.Info("using the new certificate", "until", pair.Leaf.NotAfter, "names", pair.Leaf.DNSNames)
	}
	c.cert, c.key, c.current = cert, key, &pair
	return nil
}

// readKey reads a key that only its owner and a group may read.
func readKey(file string) ([]byte, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }() // it was only read
	info, err := opened.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("%s can be read by every user: take that from them, as chmod o= does", file)
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: file, Err: fs.ErrInvalid}
	}
	return os.ReadFile(file)
}

// Certificate returns what is configured, nil if it is none, or why it cannot be used.
func (c Config) Certificate() (*x509.Certificate, error) {
	loaded, err := loadCertificate(c, slog.New(slog.DiscardHandler))
	if loaded == nil || err != nil {
		return nil, err
	}
	return loaded.current.Leaf, nil
}
