package store_test

import (
	"testing"

	"playersync/syncer"
	"playersync/syncer/store"
)

// A position is refused, or stays the same however often it is written.
func FuzzVisitPosition(f *testing.F) {
	for _, seed := range []string{
		"", "e30", "eyJ1IjoiYSJ9", "eyJuIjoxLCJ0IjoiMjAzMC0wMS0wMVQwMDowMDowMFoiLCJ1IjoiYSJ9", "=", "é",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, after string) {
		written, err := store.VisitPosition(after)
		if err != nil {
			if syncer.CodeOf(err) != syncer.CodeInvalid {
				t.Fatalf("%q: %v", after, err)
			}
			return
		}
		if again, err := store.VisitPosition(written); err != nil || again != written {
			t.Errorf("%q is written as %q, and then as %q (%v)", after, written, again, err)
		}
	})
}
