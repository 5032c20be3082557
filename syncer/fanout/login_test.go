package fanout_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
	"github.com/prometheus/client_golang/prometheus"

	"playersync/syncer/fanout"
	"playersync/syncer/fanout/natstest"
)

// withLogin returns a server's URL with a login.
func withLogin(s *natstest.Server, login string) string {
	return strings.Replace(s.URL(), "://", "://"+login+"@", 1)
}

func TestLoginsInTheURL(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		adapt      func(*server.Options)
		right, not string
	}{
		"password": {func(o *server.Options) { o.Username, o.Password = "u", "s3cret" }, "u:s3cret", "u:hush-hush"},
		"token":    {func(o *server.Options) { o.Authorization = "s3cret" }, "s3cret", "hush-hush"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nats := natstest.Start(t, test.adapt)
			d := newDatabase("cluster")
			wrong := start(t, d, fanout.Config{URL: withLogin(nats, test.not)})
			wrong.says("it refuses the login: check nats.url")
			if strings.Contains(wrong.Silence(), "hush") {
				t.Errorf("it tells the secret: %s", wrong.Silence())
			}
			if _, err := fanout.Check(t.Context(), fanout.Config{URL: withLogin(nats, test.not)}); err == nil ||
				!strings.Contains(err.Error(), "refuses the login") {
				t.Errorf("the check says %v", err)
			}
			start(t, d, fanout.Config{URL: withLogin(nats, test.right)}).says("")
			wrong.says("it refuses the login") // and goes on trying
		})
	}
}

// The first of several servers is gone, or the second.
func TestSeveralServers(t *testing.T) {
	t.Parallel()
	one, two := natstest.Start(t, nil), natstest.Start(t, nil)
	one.Stop()
	s := start(t, newDatabase("cluster"), fanout.Config{URL: one.URL() + "," + two.URL()})
	s.says("")
	one.Resume()
	two.Stop()
	s.says("")
}

// credentials makes a server that knows one user by a JWT, and the user's file.
func credentials(t *testing.T) (adapt func(*server.Options), file string) {
	t.Helper()
	keys := map[string]nkeys.KeyPair{}
	for name, create := range map[string]func() (nkeys.KeyPair, error){
		"operator": nkeys.CreateOperator, "account": nkeys.CreateAccount, "user": nkeys.CreateUser,
	} {
		var err error
		if keys[name], err = create(); err != nil {
			t.Fatal(err)
		}
	}
	public := func(name string) string {
		key, err := keys[name].PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	encode := func(claims jwt.Claims, by string) string {
		text, err := claims.Encode(keys[by])
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	operator := jwt.NewOperatorClaims(public("operator"))
	encode(operator, "operator")
	account := encode(jwt.NewAccountClaims(public("account")), "operator")
	user := jwt.NewUserClaims(public("user"))
	user.Permissions.Pub.Allow.Add("playersync.>")
	user.Permissions.Sub.Allow.Add("playersync.>")
	seed, err := keys["user"].Seed()
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.FormatUserConfig(encode(user, "account"), seed)
	if err != nil {
		t.Fatal(err)
	}
	resolver := &server.MemAccResolver{}
	if err := resolver.Store(public("account"), account); err != nil {
		t.Fatal(err)
	}
	return func(o *server.Options) {
		o.TrustedOperators, o.AccountResolver = []*jwt.OperatorClaims{operator}, resolver
	}, writeFile(t, "user.creds", text)
}

func writeFile(t *testing.T, name string, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// The user of the file may use no other subjects than playersync.>.
func TestLoginByCredentials(t *testing.T) {
	t.Parallel()
	adapt, file := credentials(t)
	nats := natstest.Start(t, adapt)
	d := newDatabase("cluster")
	start(t, d, fanout.Config{URL: nats.URL()}).says("it refuses the login")
	_, others := credentials(t)
	start(t, d, fanout.Config{URL: nats.URL(), Credentials: others}).says("it refuses the login")
	s := start(t, d, fanout.Config{URL: nats.URL(), Credentials: file})
	s.says("")
	d.notify(seal + "x")
	s.has(seal + "x")
	if _, err := fanout.Check(t.Context(), fanout.Config{URL: nats.URL(), Credentials: file}); err != nil {
		t.Error(err)
	}
}

func TestSubjectsThatAreNotPermitted(t *testing.T) {
	t.Parallel()
	nats := natstest.Start(t, func(o *server.Options) {
		o.Users = []*server.User{{Username: "u", Password: "p", Permissions: &server.Permissions{
			Subscribe: &server.SubjectPermission{Allow: []string{"elsewhere"}},
		}}}
	})
	start(t, newDatabase("cluster"), fanout.Config{URL: withLogin(nats, "u:p")}).says("Permissions Violation")
}

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	var text []byte
	a.cert, a.key, text = a.sign(x509.Certificate{
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	a.file = writeFile(t, "ca.pem", text)
	return a
}

// sign makes a certificate; the authority's own if there is none yet.
func (a *authority) sign(template x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey, []byte) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber, template.Subject = big.NewInt(1), pkix.Name{CommonName: "playersync"}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = &template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// pair makes files of a certificate for 127.0.0.1 and its key.
func (a *authority) pair(usage x509.ExtKeyUsage) (cert, key string) {
	a.t.Helper()
	_, private, text := a.sign(x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	})
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		a.t.Fatal(err)
	}
	return writeFile(a.t, "cert.pem", text),
		writeFile(a.t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ours, others := newAuthority(t), newAuthority(t)
	serverCert, err := tls.LoadX509KeyPair(ours.pair(x509.ExtKeyUsageServerAuth))
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AddCert(ours.cert)
	nats := natstest.Start(t, natstest.WithTLS(&tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{serverCert},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
	}))
	url := strings.Replace(nats.URL(), "nats://", "tls://", 1)
	d := newDatabase("cluster")
	cert, key := ours.pair(x509.ExtKeyUsageClientAuth)
	start(t, d, fanout.Config{URL: url, CA: ours.file, Cert: cert, Key: key}).says("")
	start(t, d, fanout.Config{URL: url, CA: ours.file}).says("NATS is away")
	start(t, d, fanout.Config{URL: url, CA: others.file, Cert: cert, Key: key}).says("unknown authority")
	start(t, d, fanout.Config{URL: url}).says("unknown authority")
}

// A server that speaks no TLS is not talked to where TLS is asked for.
func TestServerWithoutTLS(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	url := natstest.Shared()
	d := newDatabase("cluster")
	start(t, d, fanout.Config{URL: url, CA: ours.file}).says("secure connection not available")
	start(t, d, fanout.Config{URL: strings.Replace(url, "nats://", "tls://", 1)}).
		says("secure connection not available")
}

func TestConfigurationsThatCanNeverWork(t *testing.T) {
	t.Parallel()
	garbage := writeFile(t, "garbage", []byte("hush-hush"))
	cert, _ := newAuthority(t).pair(x509.ExtKeyUsageClientAuth)
	for want, config := range map[string]fanout.Config{
		"nats.credentials: open":   {Credentials: "/nowhere/user.creds"},
		"holds no key of a user":   {Credentials: garbage},
		"nats.tls.ca: open":        {CA: "/nowhere/ca.pem"},
		"holds no certificate":     {CA: garbage},
		"nats.tls.cert":            {Cert: "/nowhere/cert.pem", Key: garbage},
		"nats.tls.cert, nats.tls.": {Cert: cert, Key: garbage},
	} {
		config.URL = natstest.Shared()
		_, err := fanout.New(config, newDatabase("x"), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%+v: %v, want %s", config, err, want)
		}
	}
}
