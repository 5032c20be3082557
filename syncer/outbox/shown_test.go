package outbox_test

import (
	"maps"
	"path/filepath"
	"testing"

	"playersync/syncer/outbox"
)

// shownIn reopens the file and returns the records in it.
func shownIn(t *testing.T, path string) (map[string]string, bool, *outbox.Outbox) {
	t.Helper()
	o, err := outbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	clean, err := o.LoadShown(func(key string, record []byte) { found[key] = string(record) })
	if err != nil {
		t.Fatal(err)
	}
	return found, clean, o
}

func TestShownStatesSurviveARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outbox.db")
	_, _, o := shownIn(t, path)
	save := func(set map[string]string, gone []string, last bool) {
		t.Helper()
		records := map[string][]byte{}
		for key, record := range set {
			records[key] = []byte(record)
		}
		if err := o.SaveShown(records, gone, last); err != nil {
			t.Fatal(err)
		}
	}
	for _, session := range []struct {
		set  map[string]string
		gone []string
		last bool
		want map[string]string
	}{
		{map[string]string{"a": "1", "b": "2"}, nil, true, map[string]string{"a": "1", "b": "2"}},
		{map[string]string{"a": "3"}, []string{"b", "never there"}, false, map[string]string{"a": "3"}},
		{nil, nil, true, map[string]string{"a": "3"}},
	} {
		save(session.set, session.gone, session.last)
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
		var found map[string]string
		var clean bool
		found, clean, o = shownIn(t, path)
		if !maps.Equal(found, session.want) || clean != session.last {
			t.Errorf("after %+v: %v, clean %v", session, found, clean)
		}
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
}
