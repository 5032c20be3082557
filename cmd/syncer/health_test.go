package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer/postgres/pgtest"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	_, environ := database(t)
	const token = "SYNCER_HTTP_TOKEN=0f9a3c5d7e1b2846"
	p := start(t, append(environ, token), "serve", "--listen", "127.0.0.1:0", "--log-format", "json")
	var s struct{ URL string }
	if err := json.Unmarshal([]byte(p.line(t, `"msg":"listening"`)), &s); err != nil {
		t.Fatal(err)
	}
	pgtest.Eventually(t, limit, func() error {
		if r := runSyncer(t, []string{token}, "health", "--ready", "--url", s.URL); r.code != exitDone {
			return errors.New(r.errs)
		}
		return nil
	})
	for _, test := range []struct {
		environ []string
		args    []string
		code    int
		says    string
	}{
		{nil, []string{"--url", s.URL}, exitDone, `"ok"`},
		{[]string{token}, []string{"--ready", "--url", s.URL + "/"}, exitDone, `"ready":true`},
		{nil, []string{"--ready", "--url", s.URL}, exitFailed, "401"},
		{[]string{"SYNCER_HTTP_LISTEN=" + strings.TrimPrefix(s.URL, "http://")}, nil, exitDone, `"ok"`},
		{[]string{"SYNCER_HTTP_LISTEN=127.0.0.1:0"}, nil, exitFailed, "--url"},
		{[]string{"SYNCER_HTTP_LISTEN=127.0.0.1:1"}, nil, exitFailed, "no answer"},
		{nil, []string{"--url", "localhost:5082"}, exitUsage, "must begin with http"},
		{nil, []string{"--url", "ftp://localhost"}, exitUsage, "must begin with http"},
		{nil, []string{"now"}, exitUsage, "now"},
	} {
		r := runSyncer(t, test.environ, append([]string{"health"}, test.args...)...)
		if r.code != test.code || !strings.Contains(r.out+r.errs, test.says) || strings.Contains(r.out+r.errs, token) {
			t.Errorf("%v with %v: %+v, want %d and %s", test.args, test.environ, r, test.code, test.says)
		}
	}
}

// Where syncer listens everywhere, or with TLS, this machine is asked, and only what has the
// certificate of the configuration is believed.
func TestHealthAsksWhatIsConfigured(t *testing.T) {
	t.Parallel()
	own, other := certified(t), certified(t)
	listen := func(address string) config.HTTP { return config.HTTP{Listen: address} }
	for address, want := range map[string]string{
		":80": "http://localhost:80", "0.0.0.0:80": "http://localhost:80", "[::]:80": "http://localhost:80",
		"[::1]:80": "http://[::1]:80", "127.0.0.1:80": "http://127.0.0.1:80", "survival:80": "http://survival:80",
	} {
		if got, err := localURL(listen(address)); got != want || err != nil {
			t.Errorf("%s: %s, %v, want %s", address, got, err, want)
		}
	}
	for _, asked := range []certifiedServer{own, other} {
		settings := config.Config{HTTP: listen(strings.TrimPrefix(asked.URL, "https://"))}
		settings.HTTP.TLS.Cert, settings.HTTP.TLS.Key = own.cert, own.key
		q, err := newHealthQuestion(settings, "", false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := q.ask(t.Context()); (err == nil) != (asked == own) {
			t.Errorf("%s: %v", asked.URL, err)
		}
	}
}

// certifiedServer answers everything by TLS.
type certifiedServer struct {
	*httptest.Server
	cert, key string // files
}

// certified starts a server with a certificate of its own, good for decades.
func certified(t *testing.T) certifiedServer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(50, 0, 0)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(http.ResponseWriter, *http.Request) {}
	server := certifiedServer{Server: httptest.NewUnstartedServer(http.HandlerFunc(answer))}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // a client turns away
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{signed}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	server.cert, server.key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{
		server.cert: {Type: "CERTIFICATE", Bytes: signed}, server.key: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return server
}
