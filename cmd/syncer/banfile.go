package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/strict"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/importer"
)

// Formats of a file of bans.
const (
	formatJSON = "json" // one object per line
	formatCSV  = "csv"  // with the columns of banColumns
	formatList = "list" // one address or range per line; only read
)

// banColumns are the members of a record as CSV names them; notes are JSON.
var banColumns = []string{
	"uuid", "ip", "reason", "by", "createdAt", "expiresAt", "liftedAt", "liftedBy", "liftReason", "notes",
}

// checkFormat refuses a format that is none of those.
func checkFormat(format string, formats ...string) error {
	if !slices.Contains(formats, format) {
		return usagef("--format: %q is none of %s", format, strings.Join(formats, ", "))
	}
	return nil
}

// formatOf is the format of a file: what its name speaks of, else JSON if it begins with a
// brace, else a list.
func formatOf(name string, beginning []byte) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return formatCSV
	case ".json", ".jsonl", ".ndjson":
		return formatJSON
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(beginning, byteOrderMark), " \t\r\n")
	if len(text) == 0 || text[0] == '{' {
		return formatJSON
	}
	if column, _, found := bytes.Cut(text, []byte(",")); found && slices.Contains(banColumns, string(column)) {
		return formatCSV
	}
	return formatList
}

// byteOrderMark is what some programs put in front of UTF-8.
var byteOrderMark = []byte("\xEF\xBB\xBF")

// refusedLine says why a line of a file is no ban.
type refusedLine struct {
	Line    int    `json:"line"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

// banDefaults is what a command says of all bans in a file that do not say it themselves.
type banDefaults struct {
	reason, by string
	expires    syncer.Time // none: not said
	now        time.Time
	confirmed  bool // also wide ranges
}

// of returns the record with what the command says of it.
func (d banDefaults) of(record wire.BanRecord) wire.BanRecord {
	if record.Reason == nil && d.reason != "" {
		record.Reason = &d.reason
	}
	if record.By == nil && d.by != "" {
		record.By = &d.by
	}
	if record.ExpiresAt.IsZero() && record.LiftedAt.IsZero() && !d.expires.IsZero() {
		record.ExpiresAt = d.expires
		if record.CreatedAt.IsZero() {
			record.CreatedAt = syncer.TimeOf(d.now)
		}
	}
	return record
}

// banFile is what a file of bans says.
type banFile struct {
	defaults banDefaults
	records  []syncer.BanRecord
	lines    []int // of the records
	refused  []refusedLine
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
	f.addRecord(line, read)
}

// addRecord takes in the bans of a record, or notes why not. One with an id and an address
// is a ban of each.
func (f *banFile) addRecord(line int, read wire.BanRecord) {
	read = f.defaults.of(read)
	each := []wire.BanRecord{read}
	if read.UUID != nil && *read.UUID != "" && read.IP != nil && *read.IP != "" {
		each = []wire.BanRecord{read, read}
		each[0].IP, each[1].UUID = nil, nil
	}
	var records []syncer.BanRecord
	for _, one := range each {
		record, err := one.Record(f.defaults.confirmed)
		if e, refused := errors.AsType[*syncer.Error](confirmable(err)); refused {
			f.refused = append(f.refused, refusedLine{line, e.Field, e.Message})
			return
		}
		records = append(records, record)
	}
	for _, record := range records {
		f.records, f.lines = append(f.records, record), append(f.lines, line)
	}
}

// read reads a whole file; an error is one after which nothing more can be read. The format
// "" is told from the name and the beginning.
func (f *banFile) read(from io.Reader, name, format string) error {
	text := bufio.NewReaderSize(from, 1<<16)
	beginning, _ := text.Peek(512) // an error comes again
	if err := importer.CheckEncoding(beginning[:min(4, len(beginning))]); err != nil {
		return usagef("%s", err)
	}
	if trimmed := bytes.TrimSpace(bytes.TrimPrefix(beginning, byteOrderMark)); bytes.HasPrefix(trimmed, []byte("[")) {
		return usagef("the file is one JSON list; here each line is an object, as syncer ban export writes them. " +
			"For banned-players.json see: syncer import minecraft --help")
	}
	switch cmp.Or(format, formatOf(name, beginning)) {
	case formatCSV:
		return f.readCSV(text)
	case formatList:
		return f.readLines(text, f.addAddress)
	default:
		return f.readLines(text, f.add)
	}
}

// readLines hands each line that is not empty to add.
func (f *banFile) readLines(text *bufio.Reader, add func(line int, text []byte)) error {
	bounded := &rowReader{from: text, left: mostRow}
	lines := bufio.NewReader(bounded)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if number == 1 {
			line = bytes.TrimPrefix(line, byteOrderMark)
		}
		if line = bytes.TrimSpace(line); len(line) > 0 && !errors.Is(err, errLongRow) {
			add(number, line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = f.checkSize()
		}
		if err != nil {
			return fmt.Errorf("read bans: line %d: %w", number, err)
		}
		bounded.left = mostRow
	}
}

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

// checkSize refuses a file that has more lines than can be imported.
func (f *banFile) checkSize() error {
	if len(f.records) > mostBans || len(f.refused) > mostBans {
		return usagef("the file has more than %d bans; import at most that many at a time", mostBans)
	}
	return nil
}

// addAddress takes in a line of a list: an address or range, and after # or ; whatever.
func (f *banFile) addAddress(number int, line []byte) {
	if end := bytes.IndexAny(line, "#;"); end >= 0 {
		line = bytes.TrimSpace(line[:end])
	}
	if len(line) > 0 {
		f.addRecord(number, wire.BanRecord{IP: new(string(line))})
	}
}

func (f *banFile) readCSV(text *bufio.Reader) error {
	first, _ := text.Peek(64) // an error comes again
	line, _, _ := bytes.Cut(bytes.TrimPrefix(first, byteOrderMark), []byte("\n"))
	if _, err := syncer.ParsePrefix(string(bytes.TrimSpace(line))); err == nil {
		return f.readLines(text, f.addAddress) // no header, and nothing but addresses
	}
	bounded := &rowReader{from: text, left: mostRow}
	reader := csv.NewReader(bounded)
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
		_, err = jsonWriter{w.out}.Write(append(object, '\n'))
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
			row[i] = wire.CSVCell(row[i])
		} else if name == "notes" {
			row[i] = escapeControls(string(value))
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
