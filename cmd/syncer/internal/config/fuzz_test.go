package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzSetting gives any text to each key: it is taken, or refused in one line.
func FuzzSetting(f *testing.F) {
	for i, s := range settings {
		f.Add(uint(i), s.fallback)
		f.Add(uint(i), "a=b@c:1,d=e")
	}
	f.Add(uint(0), "postgres://u:p%zz@[::1]:x/d?sslmode=\x00")
	f.Fuzz(func(t *testing.T, i uint, text string) {
		s := settings[i%uint(len(settings))]
		if err := s.set(&Config{}, text); err != nil && (err.Error() == "" || strings.Contains(err.Error(), "\n")) {
			t.Fatalf("%s: %q: %v", s.name, text, err)
		}
	})
}

// FuzzFile reads any file: it is a configuration, or refused in one line.
func FuzzFile(f *testing.F) {
	f.Setenv("HOME", f.TempDir())
	example, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	for _, seed := range []string{
		"a: [\n", "http:\n  tokens: [a=b]\n", "http.listen: x\nhttp:\n", "\tx: 1", "- 1", "&a [*a]", "\x00",
		"? {}\n: 1",
		"server: {name: !!binary aGk=, others: [1, {}]}",
	} {
		f.Add(seed)
	}
	file := filepath.Join(f.TempDir(), "syncer.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file, nil); err != nil && (err.Error() == "" || strings.Contains(err.Error(), "\n")) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
