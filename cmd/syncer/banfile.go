package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"playersync/syncer"
	"playersync/syncer/httpapi/strict"
	"playersync/syncer/httpapi/wire"
)

// Formats of a file of bans.
const (
	formatJSON = "json" // one object per line
	formatCSV  = "csv"  // with the columns of banColumns
)

// banColumns are the members of a record as CSV names them; notes are JSON.
var banColumns = []string{
	"uuid", "ip", "reason", "by", "createdAt", "expiresAt", "liftedAt", "liftedBy", "liftReason", "notes",
}

// checkFormat refuses a format that there is not.
func checkFormat(format string) error {
	if format != formatJSON && format != formatCSV {
		return usagef("--format: %q is neither json nor csv", format)
	}
	return nil
}

// formatOf is the format that a file's name speaks of.
func formatOf(name string) string {
	if strings.EqualFold(filepath.Ext(name), ".csv") {
		return formatCSV
	}
	return formatJSON
}

// refusedLine says why a line of a file is no ban.
type refusedLine struct {
	Line    int    `json:"line"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

// banFile is what a file of bans says.
type banFile struct {
	records []syncer.BanRecord
	lines   []int // of the records
	refused []refusedLine
}

// add takes one record in, or notes why not.
func (f *banFile) add(line int, object []byte) {
	var read wire.BanRecord
	if err, refused := errors.AsType[*strict.Error](strict.Unmarshal(object, &read)); refused {
		fault := strict.Fault{Message: "is not a JSON object"}
		if err.Malformed == "" {
			fault = err.Faults[0]
		}
		f.refused = append(f.refused, refusedLine{line, fault.Path, fault.Message})
		return
	}
	record, err := read.Record()
	if e, refused := errors.AsType[*syncer.Error](err); refused {
		f.refused = append(f.refused, refusedLine{line, e.Field, e.Message})
		return
	}
	f.records, f.lines = append(f.records, record), append(f.lines, line)
}

// readBans reads a whole file; an error is one after which nothing more can be read.
func readBans(from io.Reader, format string) (*banFile, error) {
	if format == formatCSV {
		return readBansCSV(from)
	}
	f := &banFile{}
	reader := bufio.NewReaderSize(from, 1<<16)
	for number := 1; ; number++ {
		line, err := reader.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			f.add(number, line)
		}
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read bans: %w", err)
		}
	}
}

func readBansCSV(from io.Reader) (*banFile, error) {
	reader := csv.NewReader(from)
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, usagef("the file is empty; its first line must name the columns: %s", strings.Join(banColumns, ","))
	}
	if err != nil {
		return nil, fmt.Errorf("read bans: %w", err)
	}
	for i, name := range header {
		name = strings.TrimPrefix(name, "\ufeff") // which spreadsheets put first
		if header[i] = name; !slices.Contains(banColumns, name) {
			return nil, usagef("column %q is unknown; known are %s", name, strings.Join(banColumns, ", "))
		}
		if slices.Contains(header[:i], name) {
			return nil, usagef("column %q is given twice", name)
		}
	}
	f := &banFile{}
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil && !errors.Is(err, csv.ErrFieldCount) {
			return nil, fmt.Errorf("read bans: %w", err)
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
		case row[i] == "":
		case name == "notes" && json.Valid([]byte(row[i])):
			members[name] = json.RawMessage(row[i])
		default:
			members[name] = row[i]
		}
	}
	object, err := json.Marshal(members)
	if err != nil {
		f.refused = append(f.refused, refusedLine{line, "notes", "is not JSON"})
		return
	}
	f.add(line, object)
}

// banWriter writes bans to a file.
type banWriter struct {
	out  *bufio.Writer
	rows *csv.Writer // nil: JSON
}

func newBanWriter(out io.Writer, format string) (*banWriter, error) {
	w := &banWriter{out: bufio.NewWriter(out)}
	if format == formatCSV {
		w.rows = csv.NewWriter(w.out)
		return w, w.rows.Write(banColumns)
	}
	return w, nil
}

func (w *banWriter) write(record syncer.BanRecord) error {
	object, err := json.Marshal(wire.BanRecordOf(record))
	if err != nil {
		return err
	}
	if w.rows == nil {
		_, err = w.out.Write(append(object, '\n'))
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		return err
	}
	row := make([]string, len(banColumns))
	for i, name := range banColumns {
		if value := members[name]; len(value) > 0 && value[0] == '"' {
			err = errors.Join(err, json.Unmarshal(value, &row[i]))
		} else if name == "notes" {
			row[i] = string(value)
		}
	}
	return errors.Join(err, w.rows.Write(row))
}

// close writes what is still held back.
func (w *banWriter) close() error {
	if w.rows != nil {
		w.rows.Flush()
		if err := w.rows.Error(); err != nil {
			return err
		}
	}
	return w.out.Flush()
}
