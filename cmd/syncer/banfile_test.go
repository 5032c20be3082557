package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"playersync/syncer/importer"
)

// endless is a file without an end, or nearly so: a program that waits for it fills memory.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	if e.read += len(p); e.read > 64<<20 {
		return 0, errors.New("read 64 MiB of one line")
	}
	return len(p), nil
}

func TestLinesOfBansAreBounded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ format, beginning string }{
		{formatJSON, `{"uuid":"a"}` + "\n" + `{"uuid":"`},
		{formatList, "192.0.2.1\n192.0.2.2 # "},
		{formatCSV, "uuid,reason\na,b\na,\""},
		{formatCSV, "uuid,"},
	} {
		file := &banFile{}
		err := file.read(io.MultiReader(strings.NewReader(test.beginning), &endless{}), "bans", test.format)
		if !errors.Is(err, errLongRow) {
			t.Errorf("%s %q: %v", test.format, test.beginning, err)
		}
	}
	long := `{"uuid":"a","reason":"` + strings.Repeat("x", 500) + `"}` + "\n"
	file := &banFile{}
	if err := file.read(strings.NewReader(strings.Repeat(long, 2*mostRow/len(long))), "bans.json", ""); err != nil ||
		len(file.records)+len(file.refused) < 2*mostRow/len(long) {
		t.Errorf("many short lines: %v, %d bans, %d refused", err, len(file.records), len(file.refused))
	}
}

// The file imported may lie where others can make links.
func TestCheckpointsFollowNoLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &checkpoint{path: filepath.Join(dir, "players.json.syncer-import")}
	if err := os.Symlink(victim, c.path+".new"); err != nil {
		t.Fatal(err)
	}
	at := importer.Position{Offset: 7, Line: 1, Document: 1}
	c.save(at, nil)
	if content, err := os.ReadFile(victim); err != nil || string(content) != "precious" {
		t.Errorf("the file that a link leads to holds %q, %v", content, err)
	}
	if got := c.load(); got != at {
		t.Errorf("saved %+v, loaded %+v", at, got)
	}
}
