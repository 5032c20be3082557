package postgres

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// archive builds what the registry serves: a .tgz with the given members.
func archive(t *testing.T, members ...*tar.Header) []byte {
	t.Helper()
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	entries := tar.NewWriter(compressed)
	for _, member := range members {
		content := member.Linkname
		if member.Typeflag == tar.TypeReg {
			member.Linkname, member.Size = "", int64(len(content))
		}
		if err := entries.WriteHeader(member); err != nil {
			t.Fatal(err)
		}
		if member.Typeflag == tar.TypeReg {
			if _, err := entries.Write([]byte(content)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(entries.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// file is a member with a content, program one that can be run.
func file(name, content string) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Linkname: content, Mode: 0o600}
}

func program(name, version string) *tar.Header {
	member := file(name, script(version))
	member.Mode = 0o744
	return member
}

// other is a member that no archive of ours has.
func other(kind byte, leads string) *tar.Header {
	return &tar.Header{Typeflag: kind, Name: "package/x", Linkname: leads}
}

// links names the links of an archive.
const links = "package/native/pg-symlinks.json"

// whole is an archive as the registry has them, with a link that it names in a file.
func whole(t *testing.T) []byte {
	t.Helper()
	return archive(t, program("package/native/bin/postgres", "18.4"), file("package/native/share/x", "x"),
		file("package/LICENSE", ""), file(links,
			`[{"source":"native/bin/postgres","target":"native/bin/initdb"},
				{"source":"native/share/x","target":"native/bin/y"}]`))
}

// registry serves one archive under every name and counts how often it was taken. Its build
// has a checksum.
func registry(t *testing.T, content []byte, checksum string) (from source, taken *atomic.Int32) {
	t.Helper()
	taken = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		taken.Add(1)
		if r.URL.Path != "/@embedded-postgres/here/-/here-18.4.0.tgz" {
			http.NotFound(w, r)
		}
		_, _ = w.Write(content)
	}))
	t.Cleanup(server.Close)
	return source{server.URL, map[int]build{18: {"here", "18.4.0", checksum}}}, taken
}

func sum(content []byte) string {
	digest := sha512.Sum512(content)
	return base64.StdEncoding.EncodeToString(digest[:])
}

func TestFetchOnceForAll(t *testing.T) {
	t.Parallel()
	content := whole(t)
	from, taken := registry(t, content, sum(content))
	search := Search{CacheDir: dataDir(t)}
	dir := filepath.Join(search.CacheDir, "postgres", "18.4.0")
	var seekers sync.WaitGroup
	for range 4 {
		seekers.Go(func() {
			found, err := find(t.Context(), orDiscard(nil), search, nil, from)
			if err != nil {
				t.Error(err)
				return
			}
			want := Binaries{Dir: filepath.Join(dir, "bin"), Major: 18, Version: "18.4"}
			if found != want {
				t.Errorf("found %v, want %v", found, want)
			}
		})
	}
	seekers.Wait()
	if got := taken.Load(); got != 1 {
		t.Errorf("downloaded %d times, want once", got)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "bin", "y")); err != nil || string(text) != "x" {
		t.Errorf("a link leads to %q, %v", text, err)
	}
	left, _ := filepath.Glob(filepath.Join(search.CacheDir, "postgres", "fetch-*", "*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Nothing is run, or left, of an archive that is not the pinned one, or not one of PostgreSQL.
func TestFetchFailureNamesThePackage(t *testing.T) {
	t.Parallel()
	good := whole(t)
	for name, c := range map[string]struct {
		content  []byte
		checksum string // of the content if empty
		word     string
	}{
		"wrong checksum":  {good, sum(nil), "another checksum than it should"},
		"no checksum":     {good, "none", "checksum of http"},
		"half a checksum": {good, sum(good)[:44], "checksum of http"},
		"truncated":       {good[:len(good)/2], "", "unexpected EOF"},
		"no programs":     {archive(t, file("package/native/share/x", "x")), "", "find postgres"},
		"no archive":      {[]byte("x"), "", "unpack"},
		"outside":         {archive(t, file("package/../../x", "x")), "", "lies outside"},
		"absolute":        {archive(t, file("/tmp/x", "x")), "", "lies outside"},
		"beside":          {archive(t, file("other/x", "x")), "", "lies outside"},
		"twice":           {archive(t, file("package/x", "x"), file("package/x", "y")), "", "exists"},
		"a link":          {archive(t, other(tar.TypeSymlink, "/")), "", "neither"},
		"a hard link":     {archive(t, other(tar.TypeLink, "/etc/passwd")), "", "neither"},
		"a device":        {archive(t, other(tar.TypeChar, "")), "", "neither"},
		"a link that leads outside": {
			archive(t, file(links, `[{"source":"../../x","target":"native/x"}]`)), "", "lies outside",
		},
		"a link that lies outside": {
			archive(t, file(links, `[{"source":"x","target":"/tmp/x"}]`)), "", "lies outside",
		},
		"links that nobody can read": {archive(t, file(links, `{`)), "", "pg-symlinks.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.checksum == "" {
				c.checksum = sum(c.content)
			}
			from, _ := registry(t, c.content, c.checksum)
			old := standIn(t, "12.1")
			search := Search{CacheDir: dataDir(t)}
			_, err := find(t.Context(), orDiscard(nil), search, []string{old}, from)
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
	from := source{server.URL, map[int]build{18: {"here", "18.4.0", sum(nil)}}}
	_, err := find(ctx, orDiscard(nil), Search{CacheDir: dataDir(t)}, nil, from)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestUnknownVersionIsNotFetched(t *testing.T) {
	t.Parallel()
	_, err := find(t.Context(), orDiscard(nil), Search{CacheDir: dataDir(t), Major: 99}, nil, official())
	if err == nil || !strings.Contains(err.Error(), "no build of PostgreSQL 99") {
		t.Errorf("error %v", err)
	}
}

// Every build has a whole checksum, and the version that is fetched unasked is there for each
// platform.
func TestBuildsArePinned(t *testing.T) {
	t.Parallel()
	if len(builds) < 4 {
		t.Fatalf("builds for %d platforms", len(builds))
	}
	seen := map[string]bool{}
	for platform, versions := range builds {
		if _, known := versions[newestMajor]; !known {
			t.Errorf("%s has no PostgreSQL %d", platform, newestMajor)
		}
		for major, b := range versions {
			digest, err := base64.StdEncoding.DecodeString(b.sha512)
			if err != nil || len(digest) != sha512.Size || seen[b.sha512] {
				t.Errorf("%s %d has the checksum %q", platform, major, b.sha512)
			}
			seen[b.sha512] = true
			if got, _, err := parseVersion("postgres (PostgreSQL) " + b.version); err != nil || got != major {
				t.Errorf("%s %d is version %s", platform, major, b.version)
			}
		}
	}
}
