package config

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// emptyPlaces lets a test, which has set HOME, begin without configuration of
// this machine.
func emptyPlaces(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, envPrefix) {
			t.Setenv(name, "")
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func write(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "test.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func flagsOf(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	for _, key := range Keys() {
		AddFlag(flags, strings.ReplaceAll(key, ".", "-"), key)
	}
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags
}

func TestPrecedenceRisesFromFileToFlags(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	emptyPlaces(t)
	file := write(t, "sync:\n  heartbeat: 2s\n  flush_interval: 2s\n  poll_interval: 2s\n")
	t.Setenv("SYNCER_SYNC_HEARTBEAT", "3s")
	t.Setenv("SYNCER_SYNC_FLUSH_INTERVAL", "3s")
	t.Setenv("SYNCER_LOG_LEVEL", "") // empty: as if not set
	config, err := Load(file, flagsOf(t, "--sync-heartbeat=4s"))
	if err != nil {
		t.Fatal(err)
	}
	want := Sync{
		Mode: ModeListen, Fanout: FanoutListen, Heartbeat: 4 * time.Second, FlushInterval: 3 * time.Second,
		PollInterval: 2 * time.Second,
	}
	if config.Sync != want {
		t.Errorf("got %+v, want %+v", config.Sync, want)
	}
	if config.File != file {
		t.Errorf("read from %q, want %q", config.File, file)
	}
}

func TestEveryKeyIsSetByFileEnvironmentAndFlag(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	emptyPlaces(t)
	values := map[string]string{
		"embedded": "true", "postgres.bin": "/opt/pg", "database.url": "postgres://u:pw@h/d",
		"database.listen_url": "postgres://u:pw@l/d",
		"database.pooled":     "true", "database.max_connections": "3", "database.migrate": "false",
		"server.name": "pvp", "server.gamemode": "sandbox", "server.address": "10.0.0.1:6567",
		"http.listen": "127.0.0.1:1", "http.token": "hush", "http.tokens": "pvp=hush-hush",
		"server.others": "pvp-2=pvp@10.0.0.1:6568", "http.allowed_networks": "10.0.0.0/8,fd00::/8",
		"http.allowed_hosts": "a.example,b",
		"http.tls.cert":      "/etc/cert.pem", "http.tls.key": "/etc/key.pem",
		"http.max_body":        "2KiB",
		"http.console.enabled": "false", "http.console.prefix": "/syncer",
		"http.fish.enabled": "false", "http.fish.prefix": "/s3cret",
		"http.fish.servers": "6567=10.0.0.5:6567,6568=10.0.0.5:6568",
		"fish.webhook_url":  "https://h.example/api/webhooks/1/hush",
		"sync.mode":         "poll", "sync.flush_interval": "1s", "sync.heartbeat": "1s", "sync.poll_interval": "1s",
		"sync.fanout": "nats", "nats.url": "nats://u:hush@a:4222,tls://b:4222", "nats.credentials": "/etc/user.creds",
		"nats.tls.ca": "/etc/ca.pem", "nats.tls.cert": "/etc/cert.pem", "nats.tls.key": "/etc/key.pem",
		"presence.lease": "1m",
		"cache.players":  "7", "audit.retention": "24h", "data.dir": "/tmp/d", "log.level": "debug",
		"log.format": "json",
	}
	byDefault, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	byDefault.InForce = nil
	for _, s := range settings {
		switch s.name { // those that do not go alone
		case "database.pooled":
			t.Setenv("SYNCER_SYNC_MODE", ModePoll)
		case "http.tokens":
			t.Setenv("SYNCER_SERVER_NAME", "pvp")
		case "http.tls.cert":
			t.Setenv("SYNCER_HTTP_TLS_KEY", "key.pem")
		case "http.tls.key":
			t.Setenv("SYNCER_HTTP_TLS_CERT", "cert.pem")
		case "sync.fanout":
			t.Setenv("SYNCER_NATS_URL", "nats://a:4222")
		}
		value, covered := values[s.name]
		if !covered {
			t.Errorf("no value to try %s with", s.name)
			continue
		}
		section, leaf, nested := strings.Cut(s.name, ".")
		leaf = strings.ReplaceAll(leaf, ".", ":\n    ")
		content := fmt.Sprintf("%s: %s\n", s.name, value)
		if nested {
			quoted := value
			if s.kind == kindText {
				quoted = `"` + value + `"`
			}
			content = fmt.Sprintf("%s:\n  %s: %s\n", section, leaf, quoted)
		}
		if s.kind == kindList {
			content = section + ":\n  " + leaf + `: ["` + strings.ReplaceAll(value, ",", `","`) + "\"]\n"
		}
		fromFile, err := Load(write(t, content), nil)
		if err != nil {
			t.Errorf("%s in the file: %v", s.name, err)
		}
		fromFile.File = ""
		fromFlag, err := Load("", flagsOf(t, "--"+strings.ReplaceAll(s.name, ".", "-")+"="+value))
		if err != nil {
			t.Errorf("%s as a flag: %v", s.name, err)
		}
		t.Setenv(s.env(), value)
		fromEnv, err := Load("", nil)
		if err != nil {
			t.Errorf("%s in the environment: %v", s.name, err)
		}
		fromFile.InForce, fromFlag.InForce, fromEnv.InForce = nil, nil, nil // which say where values came from
		t.Setenv(s.env(), "")
		t.Setenv("SYNCER_SYNC_MODE", "")
		t.Setenv("SYNCER_SERVER_NAME", "")
		t.Setenv("SYNCER_HTTP_TLS_KEY", "")
		t.Setenv("SYNCER_HTTP_TLS_CERT", "")
		t.Setenv("SYNCER_NATS_URL", "")
		for source, got := range map[string]Config{"file": fromFile, "flag": fromFlag} {
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", fromEnv) {
				t.Errorf("%s from the %s gives %+v, from the environment %+v", s.name, source, got, fromEnv)
			}
		}
		if fmt.Sprintf("%+v", fromEnv) == fmt.Sprintf("%+v", byDefault) {
			t.Errorf("setting %s changes nothing", s.name)
		}
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	for _, test := range []struct {
		name, content string
		env           map[string]string
		args          []string
		want          []string
	}{
		{
			name: "unknown key", content: "http:\n  lisen: x\n",
			want: []string{"no key http.lisen", "did you mean http.listen?"},
		},
		{name: "forgotten section", content: "heartbeat: 1s\n", want: []string{"did you mean sync.heartbeat?"}},
		{name: "far from everything", content: "colour_of_the_sky: blue\n", want: []string{"no key colour_of_the_sky"}},
		{
			name: "value for a section", content: "server: pvp\n",
			want: []string{"server is a section and takes keys (name, gamemode, address, others), not a value"},
		},
		{
			name: "list for a section", content: "server: [a, b]\n",
			want: []string{"server is a section and takes keys (name, gamemode, address, others), not a list"},
		},
		{
			name: "list in a section", content: "http:\n  tls: [a, b]\n",
			want: []string{"http.tls is a section and takes keys (cert, key), not a list"},
		},
		{
			name: "list for sections", content: "- a\n- b\n",
			want: []string{"is a list where sections are expected, such as server: or http:"},
		},
		{name: "text for sections", content: "pvp\n", want: []string{"is a value where sections are expected"}},
		{
			name: "number of another form", content: "cache:\n  players: 1e9\n",
			want: []string{"cache.players: 1000000000 is not between 0 and 100000000"},
		},
		{
			name: "fraction", content: "cache:\n  players: 1.5\n",
			want: []string{`cache.players: "1.5" is not a whole number`},
		},
		{
			name: "fraction for a duration", content: "sync:\n  heartbeat: 1.5\n",
			want: []string{`sync.heartbeat: "1.5" is not a duration such as 250ms`},
		},
		{
			name: "number for true", content: "embedded: 2\n",
			want: []string{`embedded: "2" is neither true nor false`},
		},
		{
			name: "host with a space", content: "server:\n  address: a b:6567\n",
			want: []string{`server.address: "a b:6567" is not address:port`},
		},
		{
			name: "half an address", content: "server:\n  address: 10.0.0:6567\n",
			want: []string{`server.address: "10.0.0:6567" is not address:port`},
		},
		{
			name: "port 0", content: "server:\n  address: \"pvp.example.org:0\"\n",
			want: []string{`"pvp.example.org:0" is not address:port`},
		},
		{
			name: "other with a space", args: []string{"--server-others=pvp-2=pvp@a b:6568"},
			want: []string{`--server-others: "a b:6568" is not address:port`},
		},
		{name: "bad host", content: "http:\n  listen: \"a b:5082\"\n", want: []string{`"a b" is not a host`}},
		{
			name: "webhook elsewhere", content: "fish:\n  webhook_url: ftp://h.example/x\n",
			want: []string{"fish.webhook_url: must be a URL that begins with https:// (or http://, in clear text)"},
		},
		{
			name: "keys below a value", content: "log:\n  level:\n    x: y\n",
			want: []string{"log.level", "not keys of its own"},
		},
		{
			name: "unknown variable", env: map[string]string{"SYNCER_DATABSE_URL": "x"},
			want: []string{"SYNCER_DATABSE_URL", "did you mean SYNCER_DATABASE_URL?"},
		},
		{
			name: "bad duration in the file", content: "sync:\n  heartbeat: 5\n",
			want: []string{"test.yaml: sync.heartbeat", `"5" has no unit`},
		},
		{
			name: "out of range", env: map[string]string{"SYNCER_SYNC_HEARTBEAT": "2h"},
			want: []string{"SYNCER_SYNC_HEARTBEAT", "not between"},
		},
		{
			name: "bad number as flag", args: []string{"--cache-players=many"},
			want: []string{"--cache-players", `"many" is not a whole number`},
		},
		{
			name: "number where text belongs", content: "server:\n  name: 1.10\n",
			want: []string{"server.name", "write it in quotes"},
		},
		{
			name: "text where a number belongs", content: "cache:\n  players: [1]\n",
			want: []string{"cache.players", "not a list"},
		},
		{name: "bool where a number belongs", content: "cache:\n  players: yes\n  ", want: []string{"cache.players"}},
		{name: "bad level", content: "log:\n  level: loud\n", want: []string{"log.level", "debug, info, warn, error"}},
		{name: "bad format", env: map[string]string{"SYNCER_LOG_FORMAT": "xml"}, want: []string{"text, json"}},
		{name: "bad listen", content: "http:\n  listen: \"5082\"\n", want: []string{"http.listen", "not host:port"}},
		{name: "bad port", content: "http:\n  listen: \"127.0.0.1:70000\"\n", want: []string{`"70000" is not a port`}},
		{
			name: "open to others", args: []string{"--http-listen=0.0.0.0:5082"},
			want: []string{"reachable from other machines", "http.token"},
		},
		{name: "open on every interface", args: []string{"--http-listen=:5082"}, want: []string{"reachable"}},
		{
			name: "deaf", content: "database:\n  pooled: true\n",
			want: []string{"database.pooled", "set database.listen_url, or sync.mode to poll"},
		},
		{
			name: "network of one machine", content: "http:\n  allowed_networks: [\"fe80::1%eth0\"]\n",
			want: []string{"http.allowed_networks", "is not a network"},
		},
		{
			name: "bad network", content: "http:\n  allowed_networks: [10.0.0.1/8]\n",
			want: []string{"http.allowed_networks", "did you mean 10.0.0.0/8?"},
		},
		{
			name: "server without address", content: "server:\n  others: [pvp=pvp]\n",
			want: []string{"server.others", "not name=gamemode@address:port"},
		},
		{
			name: "server without port", content: "server:\n  others: [\"pvp=pvp@10.0.0.1\"]\n",
			want: []string{"server.others", "not address:port"},
		},
		{
			name: "one name twice", content: "server:\n  name: pvp\n  others: [\"pvp=pvp@10.0.0.1:1\"]\n",
			want: []string{"server.others", `"pvp" is the name of two servers`},
		},
		{
			name: "one address twice", args: []string{"--server-others=a=b@10.0.0.1:1,c=d@10.0.0.1:1"},
			want: []string{"server.others", "10.0.0.1:1 is the address of two servers"},
		},
		{
			name: "token for nobody", args: []string{"--server-name=pvp", "--http-tokens=pve=a"},
			want: []string{"http.tokens", "neither server.name nor one of server.others (pvp)"},
		},
		{
			name: "certificate without key", content: "http:\n  tls:\n    cert: a.pem\n",
			want: []string{"http.tls: cert and key go together"},
		},
		{name: "bad size", content: "http:\n  max_body: 1GB\n", want: []string{"http.max_body", "not a size"}},
		{name: "fan-out without servers", content: "sync:\n  fanout: nats\n", want: []string{"nats needs nats.url"}},
		{
			name: "fan-out without LISTEN", content: "sync:\n  fanout: nats\n  mode: poll\n",
			env: map[string]string{"SYNCER_NATS_URL": "nats://a:4222"}, want: []string{"sync.mode is poll"},
		},
		{
			name: "half a certificate for NATS", content: "sync:\n  fanout: nats\nnats:\n  tls:\n    cert: c.pem\n",
			env: map[string]string{"SYNCER_NATS_URL": "nats://a:4222"}, want: []string{"each needs the other"},
		},
		{
			name: "bad URL of NATS", env: map[string]string{"SYNCER_NATS_URL": "nats://a:4222,http://u:hush@b"},
			want: []string{"SYNCER_NATS_URL", "begins with tls:// or nats://"},
		},
		{name: "bad server name", args: []string{"--server-name=a\tb"}, want: []string{"server.name", "printable"}},
		{
			name: "two at once", content: "log:\n  level: loud\nhtp: {}\ncache:\n  players: -1\n",
			want: []string{"log.level", "cache.players"},
		},
		{name: "broken YAML", content: "a: [\n", want: []string{"read configuration", "test.yaml", "line"}},
		{
			name: "duplicate key", content: "embedded: true\nembedded: false\n",
			want: []string{"embedded", "already defined"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			emptyPlaces(t)
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			_, err := Load(write(t, test.content), flagsOf(t, test.args...))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want something with %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

func TestAMissingFileIsAnError(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	emptyPlaces(t)
	t.Setenv(fileEnv, "nowhere.yaml")
	if _, err := Load("", nil); err == nil || !strings.Contains(err.Error(), "nowhere.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestTheUsersFileIsFound(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	emptyPlaces(t)
	dir, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "playersync", fileName)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("server:\n  name: found\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if config.Server.Name != "found" || config.File != file {
		t.Errorf("got %+v", config)
	}
}

func TestVariablesOfContainerPlatformsAreLetBe(t *testing.T) {
	t.Parallel()
	foreign := []string{
		"SYNCER_SERVICE_HOST=10.0.0.1", "SYNCER_SERVICE_PORT=1", "SYNCER_SERVICE_PORT_HTTP=1",
		"SYNCER_PORT=tcp://10.0.0.1:1", "SYNCER_PORT_1_TCP_ADDR=10.0.0.1", "OTHER=1",
	}
	if problems := unknownVariables(foreign); len(problems) > 0 {
		t.Errorf("refused: %v", problems)
	}
	if problems := unknownVariables([]string{"SYNCER_PORTS=1"}); len(problems) == 0 {
		t.Error("SYNCER_PORTS was accepted")
	}
}

func TestNetworksTakeSingleAddresses(t *testing.T) {
	t.Parallel()
	got, err := parseNetworks(" 10.1.2.3, fd00::/8 ,")
	want := []netip.Prefix{netip.MustParsePrefix("10.1.2.3/32"), netip.MustParsePrefix("fd00::/8")}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}
