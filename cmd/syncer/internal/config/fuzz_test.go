package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// A file is a configuration that holds, or is refused with what is wrong.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "http:\n", "http:\n  listen: 127.0.0.1:6000\n  tokens: [a=b]\n", "http.listen: x\nhttp: {token: s3cret}\n",
		"server:\n  others: ['a=b@c:1']\n", "- a\n", "sync: {heartbeat: 1y}\n",
		"database: {url: 'postgres://a:s3cret@h/x'}\n",
		"\t", "a: &a [*a]\n", "http: {max_body: 1e9}\n", "\xff", "audit: {retention: .inf}\n",
	} {
		f.Add(seed)
	}
	file := filepath.Join(f.TempDir(), "syncer.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(file, pflag.NewFlagSet("test", pflag.ContinueOnError))
		if err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Errorf("%q is refused without a word", text)
		}
	})
}
