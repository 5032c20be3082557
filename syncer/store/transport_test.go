package store_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"playersync/syncer/store"
)

func TestServersBeyondThisMachineMustUseTLSAndSCRAM(t *testing.T) {
	const scram = "scram-sha-256"
	for url, want := range map[string]struct {
		plain bool // a connection without TLS would be tried
		auth  string
	}{
		"postgres://u:p@db.example/x":                                      {false, scram},
		"postgres://u:p@192.0.2.1/x?connect_timeout=3":                     {false, scram},
		"host=db.example user=u password=p":                                {false, scram},
		"postgres://u:p@127.0.0.1,db.example/x":                            {true, scram},
		"postgres://u@db.example/x":                                        {false, ""}, // no password to lose
		"postgres://u:p@db.example/x?sslmode=prefer":                       {true, scram},
		"postgres://u:p@db.example/x?sslmode=disable&require_auth=md5":     {true, "md5"},
		"host=db.example user=u password=p sslmode=disable":                {true, scram},
		"postgres://u:p@db.example/x?sslmode=verify-full":                  {false, scram},
		"postgres://u:p@db.example/x?ssl=true":                             {false, scram},
		"postgres://u:p@localhost/x":                                       {true, ""},
		"postgres://u:p@127.0.0.1/x":                                       {true, ""},
		"postgres://u:p@[::1]/x":                                           {true, ""},
		"host=/run/postgresql user=u password=p":                           {true, ""},
		"postgres://u:p@db.example/x?application_name=sslmode%3Ddisable":   {false, scram},
		"postgres://u:p@localhost.example/x?application_name=require_auth": {false, scram},
	} {
		config, err := store.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		plain := config.TLSConfig == nil
		for _, other := range config.Fallbacks {
			plain = plain || other.TLSConfig == nil
		}
		if plain != want.plain || config.RequireAuth != want.auth {
			t.Errorf("%s: plain %v, auth %q, want %+v", url, plain, config.RequireAuth, want)
		}
	}
	t.Setenv("PGSSLMODE", "disable")
	t.Setenv("PGREQUIREAUTH", "password")
	config, err := store.ParseConfig("postgres://u:p@db.example/x")
	if err != nil || config.TLSConfig != nil || config.RequireAuth != "password" {
		t.Errorf("the environment does not count: %v, %v", config, err)
	}
}

// falseServer answers in the place of a server: with TLS if it has a certificate, and asks
// for the password in clear text. Stop returns what each connection sent.
func falseServer(t *testing.T, certificate *tls.Certificate) (address string, stop func() []string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	passwords := make(chan []string, 1)
	go func() {
		var sent []string
		for {
			conn, err := listener.Accept()
			if err != nil {
				passwords <- sent
				return
			}
			sent = append(sent, askForPassword(conn, certificate))
			_ = conn.Close()
		}
	}()
	return listener.Addr().String(), func() []string {
		_ = listener.Close()
		return <-passwords
	}
}

// askForPassword returns the password that the client sent, or why there is none.
func askForPassword(conn net.Conn, certificate *tls.Certificate) string {
	backend := pgproto3.NewBackend(conn, conn)
	message, err := backend.ReceiveStartupMessage()
	if _, wantsTLS := message.(*pgproto3.SSLRequest); err == nil && wantsTLS {
		if certificate == nil {
			_, _ = conn.Write([]byte("N"))
		} else {
			_, _ = conn.Write([]byte("S"))
			conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*certificate}})
		}
		backend = pgproto3.NewBackend(conn, conn)
		_, err = backend.ReceiveStartupMessage()
	}
	if err != nil {
		return "no: " + err.Error()
	}
	backend.Send(&pgproto3.AuthenticationCleartextPassword{})
	if err := backend.Flush(); err != nil {
		return "no: " + err.Error()
	}
	if err := backend.SetAuthType(pgproto3.AuthTypeCleartextPassword); err != nil {
		return "no: " + err.Error()
	}
	answer, err := backend.Receive()
	if password, given := answer.(*pgproto3.PasswordMessage); given {
		return password.Password
	}
	return fmt.Sprintf("no: %T, %v", answer, err)
}

func selfSigned(t *testing.T) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestFalseServerGetsNoPassword(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		certificate *tls.Certificate
		options     string
		gets        bool
	}{
		"without TLS":           {nil, "", false},
		"with TLS":              {selfSigned(t), "", false},
		"where the URL says so": {nil, "?sslmode=prefer&require_auth=password", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, stop := falseServer(t, test.certificate)
			config, err := store.ParseConfig("postgres://u:hush@db.example/x" + test.options)
			if err != nil {
				t.Fatal(err)
			}
			config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil }
			config.DialFunc = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, address)
			}
			conn, err := pgx.ConnectConfig(t.Context(), config)
			if err == nil {
				_ = conn.Close(t.Context())
				t.Error("connected to a false server")
			}
			if sent := stop(); len(sent) == 0 || slices.Contains(sent, "hush") != test.gets {
				t.Errorf("the false server got %q", sent)
			}
		})
	}
}
