package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
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

// A file of bans is read to its end: each line is a ban that can be stored, or is refused with
// a reason. What is read comes back from what is written of it.
func FuzzBanFile(f *testing.F) {
	for _, seed := range []string{
		"{\"uuid\":\"a\",\"notes\":[{\"at\":null,\"text\":\"x\"}]}\n", "uuid,ip,reason\na,192.0.2.1,'=x\n",
		"192.0.2.0/24 # x\n", "\xef\xbb\xbfip,notes\n192.0.2.1,[]\n", "uuid,uuid\n", "\"", "[{}]",
		"ip\n192.0.2.1\n", "uuid,\n\xff,\n",
	} {
		for _, format := range []string{"", formatJSON, formatCSV, formatList} {
			f.Add(seed, format)
		}
	}
	f.Fuzz(func(t *testing.T, text, format string) {
		if !slices.Contains([]string{"", formatJSON, formatCSV, formatList}, format) {
			return
		}
		file := &banFile{}
		if err := file.read(strings.NewReader(text), "bans", format); err != nil {
			return
		}
		for _, refused := range file.refused {
			if refused.Line < 1 || refused.Message == "" {
				t.Errorf("%q: %+v", text, refused)
			}
		}
		for _, record := range file.records {
			if err := record.Validate(); err != nil || !utf8.ValidString(record.Reason+record.By) {
				t.Errorf("%q: %+v, %v", text, record, err)
			}
		}
		written, err := json.Marshal(wire.BanRecordOf(append(file.records, syncer.BanRecord{})[0]))
		if err != nil || len(file.records) == 0 {
			return
		}
		again := &banFile{}
		err = again.read(strings.NewReader(string(written)), "bans", formatJSON)
		first := file.records[0]
		if err != nil || len(again.records) != 1 || again.records[0].Target != first.Target ||
			again.records[0].Reason != first.Reason {
			t.Errorf("%q: %s is read as %+v, %+v, %v", text, written, again.records, again.refused, err)
		}
	})
}
