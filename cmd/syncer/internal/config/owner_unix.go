//go:build unix

package config

import (
	"io/fs"
	"os"
	"syscall"
)

// isOthers reports whether others than the user and root own a file or directory or may
// write it. The user's own group counts as the user, and of a directory with the sticky bit
// nobody can take another's file away.
func isOthers(info fs.FileInfo) bool {
	sticky := info.IsDir() && info.Mode()&fs.ModeSticky != 0
	return ownedByOthers(info) || writableByOthers(info) && !sticky
}

// mayPutInto reports whether others than the user and root can make something in a directory.
func mayPutInto(info fs.FileInfo) bool { return ownedByOthers(info) || writableByOthers(info) }

func ownedByOthers(info fs.FileInfo) bool {
	stat, known := info.Sys().(*syscall.Stat_t)
	return known && int(stat.Uid) != os.Geteuid() && stat.Uid != 0
}

func writableByOthers(info fs.FileInfo) bool {
	stat, known := info.Sys().(*syscall.Stat_t)
	return known && (info.Mode().Perm()&0o002 != 0 ||
		info.Mode().Perm()&0o020 != 0 && int(stat.Gid) != os.Getegid() && stat.Gid != 0)
}
