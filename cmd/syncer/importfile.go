package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"playersync/syncer/importer"
	"playersync/syncer/trust"
)

// importFile imports one file, "-" for the standard input.
func (i *fileImport) importFile(
	ctx context.Context, name string, first bool, target importer.Store, epoch string, output *importOutput,
) (result importJSON, err error) {
	result = importJSON{File: name, DryRun: i.dryRun}
	file, size := os.Stdin, int64(-1)
	if name != "-" {
		if file, err = os.Open(name); err != nil {
			return result, fmt.Errorf("read documents: %w", err)
		}
		defer file.Close()
	}
	var saved *checkpoint
	if name != "-" {
		if saved, size, err = newCheckpoint(name, file, epoch, i); err != nil {
			return result, err
		}
	}
	if !i.restart && saved != nil && !i.dryRun {
		result.From = saved.load()
	}
	if err := output.begin(name, size, i.report, first && result.From.Offset == 0); err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, output.end()) }()
	reader, err := openDocuments(io.TeeReader(file, output), file, strings.HasSuffix(name, ".gz"), result.From.Offset)
	if err != nil {
		return result, fmt.Errorf("%s: %w", name, err)
	}
	options := i.options
	options.From, options.Refused, options.Warned = result.From, output.refuse, output.note
	options.Committed = func(at importer.Position, s importer.Summary) {
		result.At = at
		output.committed(s)
		if saved != nil && !i.dryRun {
			saved.save(at, output)
		}
	}
	result.Summary, err = importer.Import(ctx, reader, target, options)
	switch {
	case errors.Is(err, context.Canceled):
		return result, errors.New("interrupted; " + i.howToGoOn(name, result.At))
	case err != nil:
		return result, fmt.Errorf("import %s: %w", name, err)
	case saved != nil && !i.dryRun:
		saved.remove()
	}
	return result, nil
}

// howToGoOn says what to do after an interruption.
func (i *fileImport) howToGoOn(name string, at importer.Position) string {
	switch {
	case i.dryRun:
		return "nothing was stored"
	case name == "-":
		return "what was read is stored; run it again from the beginning, that does no harm"
	default:
		return fmt.Sprintf("%s is stored up to line %d; run the same command to go on from there", name, at.Line+1)
	}
}

// openDocuments returns what a file holds from an offset on, unpacked.
func openDocuments(from io.Reader, file *os.File, packed bool, offset int64) (io.Reader, error) {
	if !packed {
		if offset > 0 {
			if _, err := file.Seek(offset, io.SeekStart); err != nil {
				return nil, fmt.Errorf("find the place to go on from: %w", err)
			}
		}
		return from, nil
	}
	unpacked, err := gzip.NewReader(from)
	if err != nil {
		return nil, fmt.Errorf("is not packed by gzip, though its name ends in .gz: %w", err)
	}
	if _, err := io.CopyN(io.Discard, unpacked, offset); err != nil {
		return nil, fmt.Errorf("find the place to go on from: %w", err)
	}
	return unpacked, nil
}

// checkpoint is how far an import has come, in a file beside the one imported. It
// counts for the same file, the same database and the same options only; without it
// the import begins anew, which costs nothing but time.
type checkpoint struct {
	path  string
	state checkpointJSON
}

// checkpointJSON is the content of a checkpoint's file.
type checkpointJSON struct {
	Size     int64             `json:"size"`
	Modified time.Time         `json:"modified"`
	Digest   string            `json:"digest"` // of the beginning
	Database string            `json:"database"`
	Options  string            `json:"options"`
	At       importer.Position `json:"at"`
}

// digested is how much of a file's beginning tells it from others.
const digested = 64 << 10

// mostCheckpoint is more than a checkpoint has.
const mostCheckpoint = 64 << 10

// newCheckpoint returns the checkpoint of a file that was just opened, and the
// file's size. What is no regular file has none, and a size of -1.
func newCheckpoint(name string, file *os.File, epoch string, i *fileImport) (*checkpoint, int64, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("inspect file: %w", err)
	}
	if info.IsDir() {
		return nil, 0, fmt.Errorf("%s is a directory", name)
	}
	if !info.Mode().IsRegular() {
		return nil, -1, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(file, 0, digested)); err != nil {
		return nil, 0, fmt.Errorf("read file: %w", err)
	}
	return &checkpoint{path: name + ".syncer-import", state: checkpointJSON{
		Size: info.Size(), Modified: info.ModTime().UTC(), Digest: hex.EncodeToString(sum.Sum(nil)), Database: epoch,
		Options: fmt.Sprintf("%s %s %q %q %t %t", i.options.Format, i.options.Kind, i.options.Gamemode,
			i.options.Address, i.replace, i.options.Confirmed),
	}}, info.Size(), nil
}

// load returns where to continue, the beginning if nothing valid was saved.
func (c *checkpoint) load() importer.Position {
	if err := trust.Check(c.path); err != nil {
		return importer.Position{}
	}
	file, err := os.Open(c.path)
	if err != nil {
		return importer.Position{}
	}
	defer func() { _ = file.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(file, mostCheckpoint))
	if err != nil {
		return importer.Position{}
	}
	var saved checkpointJSON
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&saved) != nil || saved.At.Offset < 0 {
		return importer.Position{}
	}
	at := saved.At
	if saved.At = (importer.Position{}); saved != c.state {
		return importer.Position{}
	}
	return at
}

// save replaces the file at once, so that it is never half there.
func (c *checkpoint) save(at importer.Position, output *importOutput) {
	state := c.state
	state.At = at
	data, err := json.Marshal(state)
	if err == nil {
		err = writeNew(c.path+".new", append(data, '\n'))
	}
	if err == nil {
		err = os.Rename(c.path+".new", c.path)
	}
	if err != nil {
		output.warn(fmt.Sprintf("cannot keep how far the import is, it would begin anew: %v", err))
	}
}

// writeNew writes a file in place of what is there, and never into what that leads to: the
// file imported may lie where others put links.
func writeNew(path string, content []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

func (c *checkpoint) remove() { _ = os.Remove(c.path) } // there is none of a small file
