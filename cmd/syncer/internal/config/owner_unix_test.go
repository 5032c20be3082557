//go:build unix

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file in the working directory names programs to run, whoever has put it there.
func TestFilesOfOthersAreRefused(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	emptyPlaces(t)
	if err := os.WriteFile(fileName, []byte("embedded: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if file, err := usualFile(false); file != fileName || err != nil {
		t.Fatalf("own file: %q, %v", file, err)
	}
	if file, err := usualFile(true); file == fileName || err != nil {
		t.Errorf("root takes the working directory's: %q, %v", file, err)
	}
	refused := func(what string) {
		t.Helper()
		if file, err := usualFile(false); err == nil || !strings.Contains(err.Error(), "--config") {
			t.Errorf("%s: %q, %v", what, file, err)
		}
	}
	chmod := func(name string, mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	chmod(fileName, 0o666)
	refused("a file that all may write")
	chmod(fileName, 0o600)
	chmod(".", 0o777)
	refused("a directory that all may write")
	chmod(".", 0o777|os.ModeSticky)
	if _, err := usualFile(false); err != nil {
		t.Errorf("own file in a directory with the sticky bit: %v", err)
	}
	if err := os.Chown(fileName, 12345, 12345); err == nil { // only root may
		refused("another user's file")
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
