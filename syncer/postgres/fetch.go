package postgres

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// fetchTimeout bounds a fetch whose caller set no earlier deadline.
const fetchTimeout = 10 * time.Minute

// longestArchive is more than any of the builds has.
const longestArchive = 256 << 20

// fetch downloads a build into the cache, unless another process did so in the meantime: one
// process at a time fetches. The build appears under its final name by a rename, so nobody
// ever sees half of it.
func fetch(ctx context.Context, logger *slog.Logger, from source, major int, cache string) (Binaries, error) {
	wanted, err := from.build(major)
	if err != nil {
		return Binaries{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	dir := filepath.Join(cache, "postgres")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Binaries{}, fmt.Errorf("make cache: %w", err)
	}
	if err := trustCache(cache); err != nil {
		return Binaries{}, err
	}
	lock, err := waitForLock(ctx, filepath.Join(dir, "fetch.lock"))
	if err != nil {
		return Binaries{}, fmt.Errorf("lock cache: %w", err)
	}
	defer lock.release()
	target := filepath.Join(dir, wanted.version)
	if binaries, err := inspect(ctx, filepath.Join(target, "bin")); err == nil {
		return binaries, nil
	}
	logger.InfoContext(ctx, "fetching PostgreSQL", "version", wanted.version, "into", target)
	began := time.Now()
	binaries, err := fetchInto(ctx, target, from.url, wanted)
	if err != nil {
		return Binaries{}, fmt.Errorf("fetch PostgreSQL %s: %w", wanted.version, err)
	}
	logger.InfoContext(ctx, "fetched PostgreSQL", "version", binaries.Version, "took", time.Since(began))
	return binaries, nil
}

// fetchInto fetches into a directory beside the target, tries the programs and
// renames.
func fetchInto(ctx context.Context, target, registry string, wanted build) (Binaries, error) {
	dir := filepath.Dir(target)
	stale, _ := filepath.Glob(filepath.Join(dir, "fetch-*")) // left by killed processes
	for _, path := range stale {
		_ = os.RemoveAll(path)
	}
	staging, err := os.MkdirTemp(dir, "fetch-")
	if err != nil {
		return Binaries{}, fmt.Errorf("make staging directory: %w", err)
	}
	defer os.RemoveAll(staging)
	if err := os.Chmod(staging, 0o755); err != nil { // the server's user is to try the programs
		return Binaries{}, fmt.Errorf("open staging directory: %w", err)
	}
	archive := filepath.Join(staging, "archive.tgz")
	if err := download(ctx, registry+wanted.path(), wanted.sha512, archive); err != nil {
		return Binaries{}, err
	}
	unpacked := filepath.Join(staging, "unpacked")
	if err := unpack(archive, unpacked); err != nil {
		return Binaries{}, fmt.Errorf("unpack: %w", err)
	}
	native := filepath.Join(unpacked, nativeDir)
	binaries, err := inspect(ctx, filepath.Join(native, "bin"))
	if err != nil {
		return Binaries{}, fmt.Errorf("check fetched build: %w", err)
	}
	if err := os.RemoveAll(target); err != nil {
		return Binaries{}, fmt.Errorf("remove broken build: %w", err)
	}
	if err := os.Rename(native, target); err != nil {
		return Binaries{}, fmt.Errorf("move build into place: %w", err)
	}
	binaries.Dir = filepath.Join(target, "bin")
	return binaries, nil
}

// download writes what is at a URL to a file, and fails unless that has the checksum.
func download(ctx context.Context, url, checksum, path string) error {
	want, err := base64.StdEncoding.DecodeString(checksum)
	if err != nil || len(want) != sha512.Size {
		return fmt.Errorf("the checksum of %s is not known", url)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	digest := sha512.New()
	_, err = io.Copy(io.MultiWriter(file, digest), io.LimitReader(response.Body, longestArchive))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	if !bytes.Equal(digest.Sum(nil), want) {
		return fmt.Errorf("%s has another checksum than it should", url)
	}
	return nil
}
