package store_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"

	"playersync/syncer"
	"playersync/syncer/store"
)

// FuzzCursor reads what a client may send in place of a position: it is refused, or one that
// PostgreSQL takes.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{
		`{"n":"a","u":"b"}`, `{"n":"a\u0000"}`, `{"s":1,"t":"0000-01-01T00:00:00Z","u":"x"}`, `null`,
	} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(seed)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" {
			return // the beginning
		}
		for kind, reread := range store.Positions {
			again, err := reread(text)
			if err != nil {
				if syncer.CodeOf(err) != syncer.CodeInvalid {
					t.Fatalf("%s: %q: %v", kind, text, err)
				}
				continue
			}
			content, _ := base64.RawURLEncoding.DecodeString(again)
			if !utf8.Valid(content) || strings.Contains(string(content), `\u0000`) {
				t.Fatalf("%s: %q is the position %q", kind, text, content)
			}
			if twice, err := reread(again); err != nil || twice != again {
				t.Fatalf("%s: %q is %q, and that is %q, %v", kind, text, again, twice, err)
			}
		}
	})
}
