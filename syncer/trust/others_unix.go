//go:build unix

package trust

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"slices"
	"strconv"
	"syscall"
)

// ownedByOthers reports whether neither the user nor root owns a file.
func ownedByOthers(info fs.FileInfo) bool {
	stat, known := info.Sys().(*syscall.Stat_t)
	return known && int(stat.Uid) != os.Geteuid() && stat.Uid != 0
}

// mayWrite reports whether others than the user and root may write to a file or a directory,
// or may give themselves the right to. Of devices and pipes it does not matter.
func mayWrite(info fs.FileInfo) bool {
	stat, known := info.Sys().(*syscall.Stat_t)
	if !known || !info.IsDir() && !info.Mode().IsRegular() {
		return false
	}
	mode := info.Mode().Perm()
	return ownedByOthers(info) || mode&0o002 != 0 || mode&0o020 != 0 && isOthersGroup(int(stat.Gid))
}

// isOthersGroup reports whether others than the user and root may be in a group.
func isOthersGroup(gid int) bool {
	group, err := user.LookupGroupId(strconv.Itoa(gid))
	if errors.As(err, new(user.UnknownGroupIdError)) {
		mine, err := os.Getgroups()
		return err != nil || gid != os.Getegid() && !slices.Contains(mine, gid)
	}
	if err != nil {
		return true
	}
	me, err := user.LookupId(strconv.Itoa(os.Geteuid()))
	return group.Name != "root" && (err != nil || group.Name != me.Username)
}
