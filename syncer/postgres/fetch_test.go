package postgres

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ulikunitz/xz"
)

// archive builds what the repository serves: a jar that holds a .txz that
// holds the programs, as scripts and links.
func archive(t *testing.T, files map[string]string, links map[string]string) []byte {
	t.Helper()
	var packed bytes.Buffer
	compressed, err := xz.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	entries := tar.NewWriter(compressed)
	for name, content := range files {
		header := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))}
		if err := entries.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := entries.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range links {
		header := &tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}
		if err := entries.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
	}
	var jar bytes.Buffer
	zipped := zip.NewWriter(&jar)
	member, err := zipped.Create("postgres-linux-x86_64.txz")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(entries.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := member.Write(packed.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return jar.Bytes()
}

// repository serves one archive under every name, with its checksum, and
// counts how often it was taken.
func repository(t *testing.T, jar []byte, checksum string) (url string, taken *atomic.Int32) {
	t.Helper()
	taken = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, ".jar"):
			taken.Add(1)
			_, _ = w.Write(jar)
		default:
			_, _ = w.Write([]byte(checksum))
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, taken
}

func sum(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}

func TestFetchOnceForAll(t *testing.T) {
	t.Parallel()
	jar := archive(t, map[string]string{"bin/postgres": script("18.3"), "share/x": "x"},
		map[string]string{"bin/initdb": "postgres", "bin/pg_ctl": "postgres"})
	url, taken := repository(t, jar, sum(jar))
	search := Search{CacheDir: dataDir(t), Repository: url}
	var seekers sync.WaitGroup
	for range 4 {
		seekers.Go(func() {
			found, err := find(t.Context(), orDiscard(nil), search, nil)
			if err != nil {
				t.Error(err)
				return
			}
			dir := filepath.Join(search.CacheDir, "postgres", "18.3.0", "bin")
			want := Binaries{Dir: dir, Major: 18, Version: "18.3"}
			if found != want {
				t.Errorf("found %v, want %v", found, want)
			}
		})
	}
	seekers.Wait()
	if got := taken.Load(); got != 1 {
		t.Errorf("downloaded %d times, want once", got)
	}
	left, _ := filepath.Glob(filepath.Join(search.CacheDir, "postgres", "fetch-*", "*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFetchFailureNamesThePackage(t *testing.T) {
	t.Parallel()
	whole := archive(t, map[string]string{"bin/postgres": script("18.3"), "bin/initdb": script("18.3")}, nil)
	empty := archive(t, map[string]string{"share/x": "x"}, nil)
	for name, c := range map[string]struct {
		jar      []byte
		checksum string
		word     string
	}{
		"wrong checksum": {whole, sum(empty), "checksums do not match"},
		"truncated":      {whole[:len(whole)/2], sum(whole[:len(whole)/2]), "zip"},
		"no programs":    {empty, sum(empty), "find postgres"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := repository(t, c.jar, c.checksum)
			old := standIn(t, "12.1")
			search := Search{CacheDir: dataDir(t), Repository: url}
			_, err := find(t.Context(), orDiscard(nil), search, []string{old})
			if _, ok := errors.AsType[*NotFoundError](err); !ok {
				t.Fatalf("error %v", err)
			}
			for _, word := range []string{c.word, "`" + installHint() + "`", "PATH", old} {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not mention %q", err, word)
				}
			}
			if kept, _ := filepath.Glob(filepath.Join(search.CacheDir, "postgres", "*", "*")); len(kept) > 0 {
				t.Errorf("kept what is of no use: %v", kept)
			}
		})
	}
}

func TestFetchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-answer
	}))
	defer server.Close()
	defer close(answer)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	search := Search{CacheDir: dataDir(t), Repository: server.URL}
	if _, err := find(ctx, orDiscard(nil), search, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestUnknownVersionIsNotFetched(t *testing.T) {
	t.Parallel()
	_, err := find(t.Context(), orDiscard(nil), Search{CacheDir: dataDir(t), Major: 99}, nil)
	if err == nil || !strings.Contains(err.Error(), "no build of PostgreSQL 99") {
		t.Errorf("error %v", err)
	}
}
