package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// CheckLinks refuses a path of syncer's own that leads through a link in a directory that
// others than the user and root can write to: they may have put it there. What does not
// exist yet is fine.
func CheckLinks(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("find %s: %w", path, err)
	}
	for place := path; filepath.Dir(place) != place; place = filepath.Dir(place) {
		info, err := os.Lstat(place)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		directory, err := os.Stat(filepath.Dir(place))
		if err != nil {
			return err
		}
		if mayPutInto(directory) {
			return fmt.Errorf("%s is a link in a directory that others may write to: it is not followed", place)
		}
	}
	return nil
}
