package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// What is served as it is. Those in npm/ are of others; .ci/assets fetches them.
//
//go:embed assets/*.css assets/*.js assets/*.svg assets/npm/*.js assets/npm/*.css
var assetFiles embed.FS

// asset is one file, compressed.
type asset struct {
	path  string // behind Path; differs with the content, so that browsers may keep it for ever
	kind  string
	plain []byte
	gzip  []byte
}

// assets are all files by name.
type assets map[string]asset

func loadAssets() assets {
	all := assets{}
	err := fs.WalkDir(assetFiles, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := assetFiles.ReadFile(file)
		if err != nil {
			return err
		}
		name := path.Base(file)
		digest := sha256.Sum256(content)
		all[name] = asset{
			path:  "assets/" + hex.EncodeToString(digest[:6]) + "/" + name,
			kind:  mime.TypeByExtension(path.Ext(name)),
			plain: content, gzip: compressed(content),
		}
		return nil
	})
	if err != nil {
		panic(err) // the files are part of the program
	}
	return all
}

func compressed(content []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is one
	_, _ = w.Write(content)                                 // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// asset answers with a file.
func (c *Console) asset(w http.ResponseWriter, r *http.Request) {
	a, known := c.assets[r.PathValue("name")]
	if !known || a.path != "assets/"+r.PathValue("hash")+"/"+r.PathValue("name") {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", a.kind)
	h.Set("Vary", "Accept-Encoding")
	body := a.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.gzip
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a browser that went away is no concern of ours
}
