package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// account is the unprivileged user that runs the server in place of root. A
// nil account is the user we are.
type account struct {
	name     string
	uid, gid int
}

// nobodyID is the overflow user that Linux and most others call nobody.
const nobodyID = 65534

func runningAsRoot() bool { return os.Geteuid() == 0 }

// serverAccount returns nil unless we are root.
func serverAccount() *account {
	if !runningAsRoot() {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.Atoi(found.Uid)
		gid, errGID := strconv.Atoi(found.Gid)
		if errUID == nil && errGID == nil && uid > 0 {
			return &account{name: name, uid: uid, gid: gid}
		}
	}
	return &account{name: strconv.Itoa(nobodyID), uid: nobodyID, gid: nobodyID}
}

// String names the user for messages.
func (a *account) String() string {
	if a == nil {
		return "this user"
	}
	return "user " + a.name
}

// own gives a file or directory to the account.
func (a *account) chown(path string) error {
	if a == nil {
		return nil
	}
	if err := os.Chown(path, a.uid, a.gid); err != nil {
		return fmt.Errorf("give %s to %s: %w", path, a, err)
	}
	return nil
}

// chownAll is chown for a directory and all in it.
func (a *account) chownAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, a.chown(path))
	})
}

// closedParent returns the first directory on the way to path that the account
// may not enter, or "".
func (a *account) closedParent(path string) (string, os.FileMode) {
	if a == nil {
		return "", 0
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	parts := strings.Split(filepath.Clean(path), string(filepath.Separator))
	for i := 1; i <= len(parts); i++ {
		dir := strings.Join(parts[:i], string(filepath.Separator)) + string(filepath.Separator)
		info, err := os.Stat(dir)
		if err != nil {
			return "", 0 // what does not exist yet is made passable
		}
		if !a.mayEnter(info) {
			return filepath.Clean(dir), info.Mode().Perm()
		}
	}
	return "", 0
}

// serverEnv is our environment without what would steer the server or the
// language of its messages, which we read.
func serverEnv() []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "PG") || strings.HasPrefix(name, "LC_") ||
			strings.HasPrefix(name, "SYNCER_") || name == "LANG" || name == "LANGUAGE" {
			continue
		}
		env = append(env, entry)
	}
	return append(env, "LC_ALL=C")
}
