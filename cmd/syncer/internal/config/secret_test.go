package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const password = "s3cr3t-passw0rd"

func TestSecretsDoNotShowThemselves(t *testing.T) {
	t.Parallel()
	config := Config{
		Database: Database{URL: "postgres://app:" + password + "@db/playersync", ListenURL: password},
		HTTP:     HTTP{Token: password, Tokens: map[string]Secret{"pvp": password}},
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&out, verb, config)
	}
	if err := json.NewEncoder(&out).Encode(config); err != nil {
		t.Fatal(err)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("config", "config", config, "token", config.HTTP.Token, "pointer", &config)
	}
	if strings.Contains(out.String(), password) {
		t.Errorf("the password shows in %s", out.String())
	}
	if got := config.HTTP.Token.Reveal(); got != password {
		t.Errorf("revealed %q", got)
	}
}

func TestDatabaseNameHasNoPassword(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		url  Secret
		want string
	}{
		{
			"postgres://app:" + password + "@db:5433/playersync?sslmode=disable",
			"app@db:5433/playersync",
		},
		{
			"host=/run/postgresql user=app dbname=playersync sslmode=disable password=" + password,
			"app@/run/postgresql/playersync",
		},
		{
			"postgres://app:" + password + "@db1:5433,[2001:db8::2],db3/playersync",
			"app@db1:5433,[2001:db8::2]:5432,db3:5432/playersync",
		},
		{"://" + password, hidden},
	} {
		if got := test.url.DatabaseName(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestErrorsDoNotQuoteSecrets(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	emptyPlaces(t)
	for variable, values := range map[string][]string{
		"SYNCER_DATABASE_URL": {
			"postgres://app:" + password + "@db:99999/x", "postgres://app:" + password + "%zz@db/x",
			"postgres://app@" + password + ":" + password + "/x",
			"mysql://" + password, password, "host=db password='" + password,
			"postgres://app:" + password + "@db/x?sslmode=" + password,
			"postgres://app:" + password + "@db/x?connect_timeout=" + password,
		},
		"SYNCER_HTTP_TOKEN":  {password + " " + password, password + "\x01"},
		"SYNCER_HTTP_TOKENS": {password, "pvp=" + password + " x", "a=b,a=" + password},
	} {
		for _, value := range values {
			t.Run(variable, func(t *testing.T) {
				t.Setenv(variable, value)
				_, err := Load("", nil)
				if err == nil {
					t.Fatalf("accepted %q", value)
				}
				if !strings.Contains(err.Error(), variable) {
					t.Errorf("got %q, which does not name %s", err, variable)
				}
				if strings.Contains(err.Error(), password) {
					t.Errorf("got %q, which quotes the secret", err)
				}
			})
		}
	}
}
