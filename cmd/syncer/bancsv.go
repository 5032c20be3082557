package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// mostRow bounds the bytes of a line or row, and so what a file without an end takes in
// memory.
const mostRow = 1 << 20

var errLongRow = fmt.Errorf("is longer than %d bytes", mostRow)

// rowReader reads no more than so many bytes until left is set anew, apart from what whoever
// reads has in its buffer.
type rowReader struct {
	from io.Reader
	left int
}

// Read returns errLongRow when nothing is left.
func (r *rowReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errLongRow
	}
	n, err := r.from.Read(p)
	r.left -= n
	return n, err
}

func (f *banFile) readCSV(text *bufio.Reader) error {
	first, _ := text.Peek(64) // an error comes again
	first = bytes.TrimPrefix(first, byteOrderMark)
	line, _, _ := bytes.Cut(first, []byte("\n"))
	if _, err := syncer.ParsePrefix(string(bytes.TrimSpace(line))); err == nil {
		return f.readLines(text, f.addAddress) // no header, and nothing but addresses
	}
	bounded := &rowReader{from: text, left: mostRow}
	reader := csv.NewReader(bounded)
	reader.Comma, _ = separatorOf(first)
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return usagef("the file is empty; its first line must name the columns: %s", strings.Join(banColumns, ","))
	}
	if err != nil {
		return fmt.Errorf("read bans: %w", err)
	}
	for i, name := range header {
		name = strings.TrimPrefix(name, string(byteOrderMark)) // which spreadsheets put first
		if header[i] = name; !slices.Contains(banColumns, name) {
			return usagef("column %q is unknown; known are %s", name, strings.Join(banColumns, ", "))
		}
		if slices.Contains(header[:i], name) {
			return usagef("column %q is given twice", name)
		}
	}
	for {
		bounded.left = mostRow
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if size := f.checkSize(); size != nil {
			return size
		}
		if err != nil && !errors.Is(err, csv.ErrFieldCount) {
			return fmt.Errorf("read bans: %w", err)
		}
		line, _ := reader.FieldPos(0)
		if err != nil {
			f.refused = append(f.refused, refusedLine{
				line, "", fmt.Sprintf("has %d columns, the first line has %d", len(row), len(header)),
			})
			continue
		}
		f.addRow(line, header, row)
	}
}

// addRow takes in a line of CSV, where an empty cell says nothing.
func (f *banFile) addRow(line int, header, row []string) {
	members := map[string]any{}
	for i, name := range header {
		switch {
		case !utf8.ValidString(row[i]):
			f.refused = append(f.refused, refusedLine{line, name, "is not valid UTF-8"})
			return
		case row[i] == "":
		case name == "notes" && json.Valid([]byte(row[i])):
			members[name] = json.RawMessage(row[i])
		default:
			members[name] = wire.FromCSVCell(row[i])
		}
	}
	object, err := json.Marshal(members)
	if err != nil {
		f.refused = append(f.refused, refusedLine{line, "notes", "is not JSON"})
		return
	}
	f.add(line, object)
}
