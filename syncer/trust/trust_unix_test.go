//go:build unix

package trust

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// place is a tree of directories and files to try.
type place struct {
	t    *testing.T
	root string
}

func newPlace(t *testing.T) place {
	t.Helper()
	return place{t, t.TempDir()}
}

func (p place) path(name string) string { return filepath.Join(p.root, name) }

func (p place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// make makes directories, or a file if the name has a dot, with a mode that no umask changes.
func (p place) make(name string, mode os.FileMode) {
	p.t.Helper()
	p.must(os.MkdirAll(filepath.Dir(p.path(name)), 0o700))
	if strings.Contains(name, ".") {
		p.must(os.WriteFile(p.path(name), nil, 0o600))
	} else {
		p.must(os.MkdirAll(p.path(name), 0o700))
	}
	p.must(os.Chmod(p.path(name), mode))
}

func (p place) link(target, name string) {
	p.t.Helper()
	p.must(os.Symlink(target, p.path(name)))
}

// give makes another user the owner, which only root may.
func (p place) give(name string, uid, gid int) {
	p.t.Helper()
	if err := os.Lchown(p.path(name), uid, gid); err != nil {
		p.t.Skip("only root can give files to others")
	}
}

const (
	stranger = 54321 // a user and a group without a name
	sticky   = 0o777 | os.ModeSticky
)

func (p place) expect(check func(string) error, name, want string) {
	p.t.Helper()
	err := check(p.path(name))
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		p.t.Errorf("%s: %v, want %q", name, err, want)
	}
}

func TestWhatOthersMayWriteIsNotTrusted(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.make("own/a.yaml", 0o644)
	p.make("own/all.yaml", 0o666)
	p.make("open/a.yaml", 0o600)
	p.make("open/below/a.yaml", 0o600)
	p.make("open", 0o777)
	p.make("sticky/a.yaml", 0o600)
	p.make("sticky/below/a.yaml", 0o600)
	p.make("sticky", sticky)
	p.expect(Check, "own/a.yaml", "")
	p.expect(Check, "own/missing/a.yaml", "")
	p.expect(Check, "own/all.yaml", "others than you and root may write to "+p.path("own/all.yaml"))
	p.expect(Check, "open/a.yaml", "may write to "+p.path("open"))
	p.expect(Check, "open/below/a.yaml", "may write to "+p.path("open"))
	p.expect(Check, "open/missing.yaml", "may write to "+p.path("open"))
	p.expect(Check, "sticky/a.yaml", "")
	p.expect(Check, "sticky/below/a.yaml", "")
	p.expect(Check, "sticky", "")
	p.expect(CheckDirectory, "own", "")
	p.expect(CheckDirectory, "own/missing", "")
	p.expect(CheckDirectory, "sticky/below", "")
	p.expect(CheckDirectory, "sticky", "may write to "+p.path("sticky"))
	p.expect(CheckDirectory, "open/below", "may write to "+p.path("open"))
}

func TestLinksAreFollowedToWhatTheyLeadTo(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.make("own/a.yaml", 0o600)
	p.make("open/a.yaml", 0o600)
	p.make("open", 0o777)
	p.link("own/a.yaml", "good.yaml")
	p.link("open/a.yaml", "bad.yaml")
	p.link(p.path("open"), "bad")
	p.link("round", "round")
	p.expect(Check, "good.yaml", "")
	p.expect(Check, "bad.yaml", "may write to "+p.path("open"))
	p.expect(Check, "bad/a.yaml", "may write to "+p.path("open"))
	p.expect(Check, "round/a.yaml", "round")
}

func TestWhatOthersOwnIsNotTrusted(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.make("sticky/own.yaml", 0o600)
	p.make("sticky/theirs.yaml", 0o600)
	p.make("sticky", sticky)
	p.make("theirs/own.yaml", 0o600)
	p.link("own.yaml", "sticky/link.yaml")
	p.link("own.yaml", "sticky/mine.yaml")
	for _, name := range []string{"sticky/theirs.yaml", "sticky/link.yaml", "theirs"} {
		p.give(name, stranger, stranger)
	}
	p.expect(Check, "sticky/mine.yaml", "")
	p.expect(Check, "sticky/theirs.yaml", "may write to "+p.path("sticky/theirs.yaml"))
	p.expect(Check, "sticky/link.yaml", p.path("sticky/link.yaml")+" is a link that another user made")
	p.expect(Check, "theirs/own.yaml", "may write to "+p.path("theirs"))
}

// A group counts as others, unless nobody else is in it.
func TestGroupsOfOthersAreOthers(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.make("a.yaml", 0o664)
	for gid, want := range map[int]string{
		0:        "", // root's own
		1:        "may write to",
		stranger: "may write to", // which has no name here and is none of ours
	} {
		p.give("a.yaml", os.Geteuid(), gid)
		p.expect(Check, "a.yaml", want)
	}
}

// A link leads what is written to whatever it names.
func TestLinksOfOthersAreNotFollowed(t *testing.T) {
	t.Parallel()
	open, own := filepath.Join(t.TempDir(), "open"), t.TempDir()
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{open, own} {
		if err := os.Symlink(t.TempDir(), filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []os.FileMode{0o777, 0o777 | os.ModeSticky} {
		if err := os.Chmod(open, mode); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"link", "link/servers/a/outbox.db"} {
			if err := CheckLinks(filepath.Join(open, path)); err == nil ||
				!strings.Contains(err.Error(), "link is a link in") {
				t.Errorf("%s in a directory of mode %v: %v", path, mode, err)
			}
			if err := CheckLinks(filepath.Join(own, path)); err != nil {
				t.Errorf("own link: %v", err)
			}
		}
		if err := CheckLinks(filepath.Join(open, "nowhere", "file")); err != nil {
			t.Errorf("no link: %v", err)
		}
	}
}

func TestFilesOfOthersAreNotWrittenTo(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.make("own/victim.txt", 0o600)
	p.make("own/list.txt", 0o600)
	p.make("open/theirs.txt", 0o666)
	p.make("open", sticky)
	p.link(p.path("own/list.txt"), "own/link.txt")
	p.link(p.path("own/victim.txt"), "open/link.txt")
	p.link(p.path("own/unborn.txt"), "open/dangling.txt")
	for _, name := range []string{"own/list.txt", "own/link.txt", "open/new.txt", "open/new.txt"} {
		file, err := OpenToAppend(p.path(name))
		p.must(err)
		_, err = file.WriteString("line\n")
		p.must(errors.Join(err, file.Close()))
	}
	for _, name := range []string{"own/list.txt", "open/new.txt"} {
		if content, err := os.ReadFile(p.path(name)); err != nil || string(content) != strings.Repeat("line\n", 2) {
			t.Errorf("%s has %q, %v", name, content, err)
		}
	}
	refuses := func(name, want string) {
		t.Helper()
		if file, err := OpenToAppend(p.path(name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", name, file, err)
		}
	}
	refuses("open/link.txt", "it is not followed")
	refuses("open/dangling.txt", "it is not followed")
	if _, err := os.Lstat(p.path("own/unborn.txt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("made by a link: %v", err)
	}
	p.give("open/theirs.txt", stranger, stranger)
	refuses("open/theirs.txt", "belongs to another user")
}

func TestDevicesAreWrittenTo(t *testing.T) {
	t.Parallel()
	file, err := OpenToAppend(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
