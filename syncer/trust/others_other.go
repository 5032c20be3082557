//go:build !unix

package trust

import "io/fs"

func ownedByOthers(fs.FileInfo) bool { return false }

func mayWrite(fs.FileInfo) bool { return false }
