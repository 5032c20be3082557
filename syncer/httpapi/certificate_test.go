package httpapi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tlsFiles are a certificate and its key on disk.
type tlsFiles struct {
	cert, key string
	roots     *x509.CertPool // of all that were written
}

func newTLSFiles(t *testing.T) *tlsFiles {
	t.Helper()
	dir := t.TempDir()
	f := &tlsFiles{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()}
	f.renew(t, 1)
	return f
}

// renew writes a certificate with the serial number, which signs itself.
func (f *tlsFiles) renew(t *testing.T, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	f.roots.AppendCertsFromPEM(certPEM)
	f.write(t, f.cert, certPEM)
	f.write(t, f.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}

func (f *tlsFiles) write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// serial makes a connection and returns the number of the certificate that is shown.
func (f *tlsFiles) serial(t *testing.T, address string) int64 {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: f.roots, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestCertificateIsUsedAndRenewed(t *testing.T) {
	t.Parallel()
	files := newTLSFiles(t)
	f := newFixture(t, func(c *Config, _ *Deps) { c.TLSCert, c.TLSKey = files.cert, files.key })
	served := f.run(t)
	address := strings.TrimPrefix(served.url, "http://")

	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: files.roots}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("https://" + address + playerPath)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK || response.ProtoMajor != 2 {
		t.Errorf("%s by %s", response.Status, response.Proto)
	}
	if status, body, err := fetch(t, served.url+"/healthz"); err == nil && status != http.StatusBadRequest {
		t.Errorf("in clear text: %d %s", status, body)
	}
	old := &tls.Config{RootCAs: files.roots, MaxVersion: tls.VersionTLS11} //nolint:gosec // it must fail
	old.MinVersion = tls.VersionTLS10
	if conn, err := tls.Dial("tcp", address, old); err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 is spoken")
	}

	if got := files.serial(t, address); got != 1 {
		t.Errorf("shown is %d", got)
	}
	files.renew(t, 2)
	if got := files.serial(t, address); got != 2 {
		t.Errorf("after the renewal %d is shown", got)
	}
	files.write(t, files.cert, []byte("half a certif"))
	for range 2 {
		if got := files.serial(t, address); got != 2 {
			t.Errorf("while the files are being written %d is shown", got)
		}
	}
	files.renew(t, 3)
	if got := files.serial(t, address); got != 3 {
		t.Errorf("after the second renewal %d is shown", got)
	}
	if err := served.ended(); err != nil {
		t.Error(err)
	}
	if n := strings.Count(f.log.String(), "cannot use the certificate"); n != 1 {
		t.Errorf("told %d times: %s", n, f.log)
	}
}

func TestCertificatesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*tlsFiles, *Config){
		"http.tls: cert and key":             func(_ *tlsFiles, c *Config) { c.TLSKey = "" },
		"http.tls: cert and key go together": func(_ *tlsFiles, c *Config) { c.TLSCert = "" },
		"http.tls.cert: open":                func(_ *tlsFiles, c *Config) { c.TLSCert += "x" },
		"http.tls.key: open":                 func(_ *tlsFiles, c *Config) { c.TLSKey += "x" },
		"are no certificate with its key":    func(f *tlsFiles, _ *Config) { f.write(t, f.cert, []byte("x")) },
		"every user: take that from them": func(f *tlsFiles, _ *Config) {
			if err := os.Chmod(f.key, 0o644); err != nil { //nolint:gosec // it must be refused
				t.Fatal(err)
			}
		},
	} {
		files := newTLSFiles(t)
		config := Config{Listen: "127.0.0.1:0", TLSCert: files.cert, TLSKey: files.key}
		spoil(files, &config)
		_, err := New(config, newFixture(t).server.deps)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
