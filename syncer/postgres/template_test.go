package postgres

import (
	"strings"
	"testing"
)

func TestCopiesOfATemplateAreServersOfTheirOwn(t *testing.T) {
	t.Parallel()
	template, err := NewTemplate(t.Context(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	first, second := start(t, Config{Template: template}), start(t, Config{Template: template})
	if err := template.Remove(); err != nil {
		t.Error(err)
	}
	query(t, first.URL(), "SELECT lo_create(0)::text")
	const count = "SELECT count(*)::text FROM pg_largeobject_metadata"
	if of1, of2 := query(t, first.URL(), count), query(t, second.URL(), count); of1 != "1" || of2 != "0" {
		t.Errorf("made in the first: %s there, %s in the second", of1, of2)
	}
	const verifier = "SELECT rolpassword FROM pg_authid WHERE rolname = current_user"
	if kept := query(t, first.URL(), verifier); !strings.HasPrefix(kept, "SCRAM-SHA-256$1:") {
		t.Errorf("a login hashes more than one round: %s", kept)
	}
	if first.Version() != template.Binaries().Version {
		t.Errorf("version %s of a cluster of %s", first.Version(), template.Binaries().Version)
	}
}
