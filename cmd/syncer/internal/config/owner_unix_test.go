//go:build unix

package config

import (
	"os"
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
	chmod(".", 0o700)
	if err := os.Chown(fileName, 12345, 12345); err == nil { // only root may
		refused("another user's file")
	}
	if err := os.Rename(fileName, "own.yaml"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown("own.yaml", os.Geteuid(), os.Getegid()); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("own.yaml", fileName); err != nil {
		t.Fatal(err)
	}
	if file, err := usualFile(false); file != fileName || err != nil {
		t.Errorf("own link: %q, %v", file, err)
	}
	if err := os.Lchown(fileName, 12345, 12345); err == nil {
		refused("another user's link to an own file")
	}
}
