package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"playersync/syncer/importer"
	"playersync/syncer/trust"
)

// shownRefusals is how many refusals are shown; all of them go into the report.
const shownRefusals = 20

// importJSON is the outcome of one file, for programs.
type importJSON struct {
	File   string            `json:"file"`
	DryRun bool              `json:"dryRun"`
	From   importer.Position `json:"from"` // where an interrupted import went on
	At     importer.Position `json:"at"`   // up to where it is done
	importer.Summary
}

// refusalJSON is one line of the report.
type refusalJSON struct {
	File string `json:"file"`
	importer.Refusal
}

// importOutput shows how an import proceeds: a bar on a terminal, elsewhere a line
// every few seconds.
type importOutput struct {
	app     *app
	dryRun  bool
	file    string
	refused int
	notes   int // fields that are stored otherwise than they stand
	warned  bool
	bar     *progressbar.ProgressBar // nil where nobody watches
	shown   time.Time                // of the last line
	report  *os.File                 // nil for none
}

// begin starts on a file; size is -1 where it is not known. A report is added to
// unless anew.
func (o *importOutput) begin(name string, size int64, report string, anew bool) error {
	o.file, o.shown = name, time.Now()
	if report != "" {
		var err error
		if o.report, err = openReport(report, anew); err != nil {
			return err
		}
	}
	if isTerminal(o.app.errs) {
		o.bar = progressbar.NewOptions64(size,
			progressbar.OptionSetWriter(o.app.errs), progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(), progressbar.OptionShowBytes(true),
			progressbar.OptionSetDescription(clean(name)))
	}
	return nil
}

// openReport opens the file for refusals, and empties it if anew.
func openReport(path string, anew bool) (*os.File, error) {
	file, err := trust.OpenToAppend(path)
	if err != nil {
		return nil, fmt.Errorf("open report: %w", err)
	}
	info, err := file.Stat()
	if err == nil && anew && info.Mode().IsRegular() { // a pipe or terminal has nothing to lose
		err = file.Truncate(0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open report: %w", err), file.Close())
	}
	return file, nil
}

// Write counts what was read of the file.
func (o *importOutput) Write(data []byte) (int, error) {
	if o.bar != nil {
		_ = o.bar.Add(len(data)) // it only fails to be shown
	}
	return len(data), nil
}

// committed shows how far the import is.
func (o *importOutput) committed(s importer.Summary) {
	if o.bar != nil || time.Since(o.shown) < 5*time.Second {
		return
	}
	o.shown = time.Now()
	fmt.Fprintf(o.app.errs, "%s: %d documents …\n", clean(o.file), s.Documents)
}

// refuse shows and reports a refusal.
func (o *importOutput) refuse(r importer.Refusal) {
	o.refused++
	if o.report != nil {
		line, err := json.Marshal(refusalJSON{o.file, r})
		if err == nil {
			_, err = jsonWriter{o.report}.Write(append(line, '\n'))
		}
		if err != nil {
			o.warn(fmt.Sprintf("cannot write the report: %v", err))
		}
	}
	if o.refused > shownRefusals {
		return
	}
	where := fmt.Sprintf("%s:%d: refused", o.file, r.Line)
	if r.ID != "" {
		where += " " + r.ID
	}
	if r.Field != "" {
		where += ": " + r.Field
	}
	o.line(where + ": " + r.Error)
}

// note shows a field that is stored otherwise than it stands.
func (o *importOutput) note(r importer.Refusal) {
	if o.notes++; o.notes <= shownRefusals {
		o.line(fmt.Sprintf("%s:%d: %s: %s: %s", o.file, r.Line, r.ID, r.Field, r.Error))
	}
}

// warn says once that something beside the import fails.
func (o *importOutput) warn(text string) {
	if !o.warned {
		o.warned = true
		o.line(text)
	}
}

// line shows a line, above the bar if there is one.
func (o *importOutput) line(text string) {
	if o.bar != nil {
		_ = o.bar.Clear() // it is drawn again
	}
	fmt.Fprintln(o.app.errs, clean(text))
}

// end finishes a file.
func (o *importOutput) end() error {
	if o.bar != nil {
		_ = o.bar.Clear()
		o.bar = nil
	}
	if more := o.refused - shownRefusals; more > 0 && o.report == nil {
		o.line(fmt.Sprintf("… and %d more refusals; --report FILE shows all", more))
	}
	if more := o.notes - shownRefusals; more > 0 {
		o.line(fmt.Sprintf("… and %d more fields that cannot be read", more))
	}
	o.notes = 0
	if o.report == nil {
		return nil
	}
	err := o.report.Close()
	o.report = nil
	if err != nil {
		return errors.New("write report: " + err.Error())
	}
	return nil
}

// printImports shows the outcome of the files.
func (a *app) printImports(results []importJSON) error {
	return a.print(results, func(w io.Writer) {
		for _, r := range results {
			if r.DryRun {
				fmt.Fprintf(w, "%s: nothing is stored; this would be done:\n", clean(r.File))
			} else {
				fmt.Fprintf(w, "%s:\n", clean(r.File))
			}
			rows := [][]string{{"  documents", importedDocuments(r)}}
			if p := r.Players; p.Added+p.Changed+p.Unchanged > 0 {
				rows = append(rows,
					[]string{
						"  players", fmt.Sprintf("%d added, %d changed, %d unchanged", p.Added, p.Changed, p.Unchanged),
					},
					[]string{"  history", fmt.Sprintf("%d added", p.History)})
			}
			if b := r.Bans; b.Added+b.Known > 0 {
				rows = append(rows, []string{"  bans", importedBans(r)})
			}
			rows = append(rows, []string{"  refused", strconv.Itoa(r.Refused)})
			if r.Warned > 0 {
				rows = append(rows, []string{"  warnings", strconv.Itoa(r.Warned)})
			}
			table(w, nil, rows)
			if ignored := ignoredFields(r.Ignored); ignored != "" {
				fmt.Fprintln(w, "  fields without a meaning here:", clean(ignored))
			}
		}
	})
}

func importedDocuments(r importJSON) string {
	if r.From.Document > 0 {
		return fmt.Sprintf("%d, after %d of an earlier run", r.Documents, r.From.Document)
	}
	return strconv.Itoa(r.Documents)
}

func importedBans(r importJSON) string {
	text := fmt.Sprintf("%d added, %d here already", r.Bans.Added, r.Bans.Known)
	if r.Bans.Strangers > 0 {
		text += fmt.Sprintf("; %d added of ids that no player has yet", r.Bans.Strangers)
	}
	return text
}

// ignoredFields lists the fields that were ignored most.
func ignoredFields(fields map[string]int) string {
	const most = 10
	names := slices.SortedFunc(maps.Keys(fields), func(a, b string) int {
		if fields[a] != fields[b] {
			return fields[b] - fields[a]
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, name := range names[:min(most, len(names))] {
		parts = append(parts, fmt.Sprintf("%s (%d)", name, fields[name]))
	}
	if len(names) > most {
		parts = append(parts, "…")
	}
	return strings.Join(parts, ", ")
}
