package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestSettingsInForceSayWhereTheyCameFrom(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	emptyPlaces(t)
	file := write(t, `
database: {url: "postgres://alice:password1@db/playersync", listen_url: "postgres://alice:password2@db/playersync"}
server: {name: pvp}
http:
  token: a-long-token-of-the-file-0123456789
  tokens: [pvp=another-token-of-the-file-0123456789]
  fish: {prefix: /a-secret-prefix-0123456789}
nats: {url: "nats://user:password3@nats:4222"}
fish: {webhook_url: "https://example.com/password4"}
`)
	t.Setenv("SYNCER_SYNC_HEARTBEAT", "3s")
	config, err := Load(file, flagsOf(t, "--server-gamemode=pvp"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []InForce{
		{"server.gamemode", "pvp", "--server-gamemode"},
		{"sync.heartbeat", "3s", "SYNCER_SYNC_HEARTBEAT"},
		{"http.token", "[secret]", file},
		{"http.listen", "127.0.0.1:5082", "default"},
	} {
		found := false
		for _, one := range config.InForce {
			found = found || one == want
		}
		if !found {
			t.Errorf("%+v is not in %+v", want, config.InForce)
		}
	}
	if said := fmt.Sprint(config.InForce); strings.Contains(said, "password") || strings.Contains(said, "0123456789") {
		t.Errorf("secrets are told: %s", said)
	}
}
