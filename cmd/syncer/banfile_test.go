package main

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"playersync/syncer"
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

// piecesOfBanFiles are what drawn files are made of.
var piecesOfBanFiles = []string{
	`{"uuid":"a","reason":"r","createdAt":"2029-01-01T00:00:00Z","notes":[{"at":"2029-01-01T00:00:00Z","text":"t"}]}`,
	`{"uuid":"a","ip":"::1"}`, `{"ip":"2001:db8::/32","liftedAt":"2030-01-01T00:00:00Z","liftedBy":"b"}`, `{"uuid":`,
	"uuid,ip,reason,notes", `a,,"'=1`, `",[]`, ",10.0.0.0/8,b,", "192.0.2.1 # why", "; none", "2001:db8::/32", "[",
	"\x00",
	"\xEF\xBB\xBF", "\xFF\xFE", "uuid", "uuid,uuid", "é", `"`, ",", "\n", "\n", "\n", "\r\n", "\n\n",
}

// What is a ban of any file can be stored, and read again from what an export writes of it.
func TestAnyBanFileIsReadOrRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(piecesOfBanFiles), 0, 12).Draw(t, "pieces"), "")
		format := rapid.SampledFrom([]string{"", formatJSON, formatCSV, formatList}).Draw(t, "format")
		file := &banFile{}
		if file.read(strings.NewReader(text), "bans", format) != nil {
			return
		}
		if len(file.records) != len(file.lines) {
			t.Fatalf("%d bans on %d lines", len(file.records), len(file.lines))
		}
		var written strings.Builder
		w, err := newBanWriter(&written, formatJSON)
		for _, record := range file.records {
			if err := record.Validate(); err != nil {
				t.Fatalf("%q has %+v: %v", text, record, err)
			}
			err = errors.Join(err, w.write(record))
		}
		if err := errors.Join(err, w.close()); err != nil {
			t.Fatal(err)
		}
		same := []cmp.Option{cmpopts.EquateComparable(netip.Prefix{}, syncer.Time{}), cmpopts.EquateEmpty()}
		again := &banFile{}
		if err := again.read(strings.NewReader(written.String()), "bans", formatJSON); err != nil ||
			!cmp.Equal(again.records, file.records, same...) {
			t.Fatalf("%q is exported as %q, which is something else: %v\n%s", text, written.String(), err,
				cmp.Diff(file.records, again.records, same...))
		}
	})
}
