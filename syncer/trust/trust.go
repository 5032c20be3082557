// Package trust tells whether a path is the user's own: whether others than the user and
// root could have put something there, could change it or could put something else in its
// place. The model is what OpenSSH asks of a user's files (StrictModes).
//
// A file or directory is the user's own if the user or root owns it and nobody else may write
// to it. A directory with the sticky bit, such as /tmp, may be written to by others, for they
// cannot replace there what is not theirs. The same holds for every directory above, up to
// the user's home or the root, and for every link on the way and what it leads to.
//
// A group that is named for the user or for root has only that user, as is the custom; and a
// group of this process that has no name, as in containers, has nobody else.
//
// Systems other than Unix keep lists of who may do what; there everything is trusted.
package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Check refuses a path that is not the user's own. What does not exist is fine, if nobody
// else can make it.
func Check(path string) error {
	return walk(path, func(place string, info, _ fs.FileInfo) error {
		switch isLink := info.Mode()&fs.ModeSymlink != 0; {
		case isLink && ownedByOthers(info):
			return fmt.Errorf("%s is a link that another user made", place)
		case isLink || info.IsDir() && info.Mode()&fs.ModeSticky != 0 && !ownedByOthers(info):
			return nil
		case mayWrite(info):
			return fmt.Errorf("others than you and root may write to %s", place)
		default:
			return nil
		}
	})
}

// CheckDirectory refuses a directory that is not the user's own, or in which others can make
// files. It may be missing.
func CheckDirectory(path string) error {
	if err := Check(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && mayWrite(info) {
		return fmt.Errorf("others than you and root may write to %s", path)
	}
	return err
}

// CheckLinks refuses a path that leads through a link in a directory that others can write
// to: they may have put it there. What does not exist is fine.
func CheckLinks(path string) error {
	return walk(path, func(place string, info, parent fs.FileInfo) error {
		if info.Mode()&fs.ModeSymlink != 0 && (ownedByOthers(info) || mayWrite(parent)) {
			return fmt.Errorf("%s is a link in a directory that others may write to: it is not followed", place)
		}
		return nil
	})
}

// OpenToAppend opens a file for writing at its end, and makes it, closed to other users, if it
// is missing. It refuses links as [CheckLinks] does, and another user's file.
func OpenToAppend(path string) (*os.File, error) {
	if err := CheckLinks(path); err != nil {
		return nil, err
	}
	const flags = os.O_WRONLY | os.O_APPEND
	file, err := os.OpenFile(path, flags|os.O_CREATE|os.O_EXCL, 0o600) // which follows no link
	if !errors.Is(err, fs.ErrExist) {
		return file, err
	}
	if file, err = os.OpenFile(path, flags, 0); err != nil {
		return nil, err
	}
	if err := checkOpened(file, path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// checkOpened refuses a file that was opened through a link of others, or that is theirs.
func checkOpened(file *os.File, path string) error {
	opened, err := file.Stat()
	if err != nil {
		return err
	}
	if err := CheckLinks(path); err != nil { // again: it may have been made meanwhile
		return err
	}
	named, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !os.SameFile(opened, named):
		return fmt.Errorf("%s was replaced while it was opened", path)
	case opened.Mode().IsRegular() && ownedByOthers(opened):
		return fmt.Errorf("%s belongs to another user", path)
	default:
		return nil
	}
}

// mostLinks is how many links a path may lead through.
const mostLinks = 40

// walk calls judge for everything that a path leads through and for what it leads to, from
// the home of the user, or from the root, downwards. It ends at the first error, and at what
// does not exist.
func walk(path string, judge func(place string, info, parent fs.FileInfo) error) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("find %s: %w", path, err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // from the root then
	}
	_, _, err = (&walker{home: home, judge: judge}).visit(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// walker is one walk.
type walker struct {
	home  string
	judge func(place string, info, parent fs.FileInfo) error
	links int
}

// visit returns where a path leads, without links, and what is there.
func (w *walker) visit(path string) (string, fs.FileInfo, error) {
	place, parent := path, fs.FileInfo(nil)
	if path != w.home && filepath.Dir(path) != path {
		above, info, err := w.visit(filepath.Dir(path))
		if err != nil {
			return "", nil, err
		}
		place, parent = filepath.Join(above, filepath.Base(path)), info
	}
	info, err := os.Lstat(place)
	if err != nil {
		return "", nil, err
	}
	if parent == nil { // home or root, which may be a link too
		parent = info
	}
	if err := w.judge(place, info, parent); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return place, info, err
	}
	if w.links++; w.links > mostLinks {
		return "", nil, fmt.Errorf("follow %s: %w", path, syscall.ELOOP)
	}
	target, err := os.Readlink(place)
	if err != nil {
		return "", nil, err
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(place), target)
	}
	return w.visit(filepath.Clean(target))
}
