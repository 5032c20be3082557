package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestWhatIsNotSafeIsWarnedOf(t *testing.T) {
	const safe = "a41d27c90b5e683f"
	for _, test := range []struct{ key, value, want string }{
		{"http.token", safe, ""},
		{"http.token", "hush-hush", "the token can be guessed: it has 9 characters, fewer than 16"},
		{"http.token", strings.Repeat("ab", 20), "consists of 2 different characters"},
		{"http.token", "1234567890123456", "it is a sequence, or repeats itself"},
		{"http.token", "0123456789abcdef", "it is a sequence, or repeats itself"},
		{"http.token", "Qwertyuiop12345678", "it is a sequence, or repeats itself"},
		{"http.token", "zyxwvutsrqponmlk", "it is a sequence, or repeats itself"},
		{"http.token", "1212345678zyxwvu", "it is a sequence, or repeats itself"},
		{"http.tokens", "pvp=" + safe, ""},
		{"http.tokens", "pvp=1234567890123456", `that of "pvp" can be guessed: it is a sequence`},
		{"http.fish.prefix", "/1234567890123456", "the path can be guessed: it is a sequence"},
		{"fish.webhook_url", "https://h.example/a/hush", ""},
		{"fish.webhook_url", "http://127.0.0.1:1/a/hush", ""},
		{"fish.webhook_url", "http://localhost/a/hush", ""},
		{"fish.webhook_url", "http://[::1]:1/a/hush", ""},
		{"fish.webhook_url", "http://h.example/a/hush", "travels in clear text"},
		{"http.tokens", "pvp=hush-hush", `that of "pvp" can be guessed`},
		{"http.fish.prefix", "/" + safe, ""},
		{"http.fish.prefix", "/hush-hush", "the path can be guessed: it has 9 characters"},
		{"http.allowed_networks", "10.0.0.0/8,192.168.0.0/16,fd00::/8,2001:db8::/32,127.0.0.1", ""},
		{"http.allowed_networks", "10.0.0.0/8,0.0.0.0/0", "0.0.0.0/0 lets a large part of the Internet ask"},
		{"http.allowed_networks", "0.0.0.0/1", "0.0.0.0/1 lets"},
		{"http.allowed_networks", "::/0", "::/0 lets"},
		{"http.listen", "127.0.0.1:1", ""},
		{"http.listen", ":1", "travels in clear text"},
		{"http.allowed_networks", "2000::/3", "2000::/3 lets"},
		{"nats.url", "nats://127.0.0.1:4222,nats://localhost:4223,tls://u:hush@h.example:4222", ""},
		{"nats.url", "tls://a.example:4222,nats://u:hush@h.example:4222", "travels beyond this machine in clear text"},
	} {
		t.Run(test.key, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			emptyPlaces(t)
			t.Setenv("SYNCER_SERVER_NAME", "pvp")
			if test.key == "http.listen" {
				t.Setenv("SYNCER_HTTP_TOKEN", safe)
			}
			if test.key == "nats.url" {
				t.Setenv("SYNCER_SYNC_FANOUT", FanoutNATS)
			}
			config, err := Load("", flagsOf(t, "--"+strings.ReplaceAll(test.key, ".", "-")+"="+test.value))
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, w := range config.Warnings() {
				text += fmt.Sprintf("%+v", w)
				if w.Key != test.key || w.Advice == "" {
					t.Errorf("%s: %+v", test.value, w)
				}
			}
			if (text == "") != (test.want == "") || !strings.Contains(text, test.want) ||
				strings.Contains(text, "hush") {
				t.Errorf("%s: %q, want %q", test.value, text, test.want)
			}
		})
	}
}

func TestPasswordsInConnectionURLsAreFound(t *testing.T) {
	t.Setenv("PGPASSWORD", "from elsewhere")
	for text, want := range map[string]bool{
		"postgres://u:pw@h/d": true, "postgresql://u:pw@h/d": true, "postgres://h/d?password=pw": true,
		"postgres://u:pw@h1:1,[::1]:2,h3/d": true, "postgres://u@h1:1,[::1]:2/d": false,
		"host=h password = pw": true, "user=u password='p w'": true, "host=h sslpassword=pw": true,
		"postgres://u@h/d": false, "postgres://u:@h/d": false, "host=h passfile=/x": false, "": false,
	} {
		if got := HoldsPassword(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
