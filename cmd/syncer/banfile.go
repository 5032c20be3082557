package main

import (
	"bufio"
	"bytes"
	"cmp"
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
	if _, isHeader := separatorOf(text); isHeader {
		return formatCSV
	}
	return formatList
}

// separatorOf returns what separates the columns that the first line of a CSV file names: a
// comma or, as spreadsheets write it in other countries, a semicolon or a tab. False if the
// line begins with no column of bans.
func separatorOf(beginning []byte) (separator rune, isHeader bool) {
	header, _, _ := strings.Cut(string(beginning), "\n")
	for _, separator := range ",;\t" {
		column, _, _ := strings.Cut(strings.TrimSpace(header), string(separator))
		if slices.Contains(banColumns, strings.Trim(column, `"`)) {
			return separator, true
		}
	}
	return ',', false
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

// addRecord takes in the bans of a record, or notes why not.
func (f *banFile) addRecord(line int, read wire.BanRecord) {
	records, err := f.defaults.of(read).Records(f.defaults.confirmed)
	if err != nil {
		f.refuse(line, confirmable(err))
		return
	}
	for _, record := range records {
		f.records, f.lines = append(f.records, record), append(f.lines, line)
	}
}

// refuse notes why a line is no ban.
func (f *banFile) refuse(line int, err error) {
	refused := refusedLine{Line: line, Message: err.Error()}
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		refused.Field, refused.Message = e.Field, e.Message
	}
	f.refused = append(f.refused, refused)
}

// refuseDoubted refuses the lines of which a record may ban no id.
func (f *banFile) refuseDoubted(doubts map[int]error) {
	refused := map[int]bool{}
	for i, err := range doubts {
		if !refused[f.lines[i]] {
			refused[f.lines[i]] = true
			if syncer.CodeOf(err) == syncer.CodeNotFound {
				err = syncer.Invalid("uuid", "%s, or give --unknown", err)
			}
			f.refuse(f.lines[i], err)
		}
	}
	slices.SortStableFunc(f.refused, func(a, b refusedLine) int { return a.Line - b.Line })
	var records []syncer.BanRecord
	var lines []int
	for i, line := range f.lines {
		if !refused[line] {
			records, lines = append(records, f.records[i]), append(lines, line)
		}
	}
	f.records, f.lines = records, lines
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
