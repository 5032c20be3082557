package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

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
