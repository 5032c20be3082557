package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"playersync/syncer"
	"playersync/syncer/httpapi/strict"
	"playersync/syncer/httpapi/wire"
)

// BanTransfer is what the console needs to carry bans; *sidecar.BanTransfer is one.
type BanTransfer interface {
	ExportBans(
		ctx context.Context, filter syncer.BanFilter, before int64, size int,
	) (bans []syncer.BanRecord, next int64, err error)
	ImportBans(ctx context.Context, records []syncer.BanRecord, trial bool) ([]syncer.ImportedBan, error)
	Doubts(ctx context.Context, records []syncer.BanRecord) (map[int]error, error)
}

// registerBanFile adds the pages that carry bans from one database to another.
func (c *Console) registerBanFile() {
	f := &banFile{console: c}
	c.handle("GET "+Path+"bans/export", f.export)
	c.handle("GET "+Path+"bans/import", f.show)
	c.handle("POST "+Path+"bans/import", f.take)
}

// banFile is the pages that carry bans as files: a JSON object in each line, as syncer ban
// export writes them.
type banFile struct{ console *Console }

const (
	// banFileChunk is how many bans an export reads at a time.
	banFileChunk = 500
	// mostImported is how many bans one file may have; syncer ban import takes larger ones.
	mostImported = 10_000
	// mostLine bounds one line of a file, in bytes.
	mostLine = 1 << 20
)

func (f *banFile) export(w http.ResponseWriter, r *http.Request, s *session) {
	h := w.Header()
	for before := int64(0); ; {
		bans, next, err := f.console.deps.BanTransfer.ExportBans(r.Context(), syncer.BanFilter{}, before, banFileChunk)
		if err != nil && before > 0 {
			panic(http.ErrAbortHandler) // half a file must not look whole
		}
		if err != nil {
			status, problem := f.console.problemOf(err)
			f.console.refuse(w, r, s, status, problem)
			return
		}
		h.Set("Content-Type", "application/x-ndjson")
		h.Set("Content-Disposition", `attachment; filename="bans.json"`)
		lines := json.NewEncoder(w)
		for _, ban := range bans {
			if err := lines.Encode(wire.BanRecordOf(ban)); err != nil {
				return // the browser went away
			}
		}
		if before = next; next == 0 {
			return
		}
	}
}

// importPage is the form for a file, and what became of one.
type importPage struct {
	Problem              string
	Told                 bool
	Trial                bool // nothing was stored
	Added, Known, Stands int
}

func (f *banFile) show(w http.ResponseWriter, r *http.Request, s *session) {
	f.console.render(w, r, s, http.StatusOK, "import-bans", importPage{})
}

// take takes a file in, or says what would become of it.
func (f *banFile) take(w http.ResponseWriter, r *http.Request, s *session) {
	page, status := importPage{Trial: r.PostFormValue("trial") != ""}, http.StatusOK
	records, err := f.read(r)
	var imported []syncer.ImportedBan
	if err == nil {
		ctx := syncer.WithActor(r.Context(), s.name)
		imported, err = f.console.deps.BanTransfer.ImportBans(ctx, records, page.Trial)
	}
	if err != nil {
		status, page.Problem = f.console.problemOf(err)
	} else {
		page.Told = true
	}
	for _, ban := range imported {
		switch ban.Outcome {
		case syncer.ImportAdded:
			page.Added++
		case syncer.ImportKnown:
			page.Known++
		case syncer.ImportStands:
			page.Stands++
		}
	}
	f.console.render(w, r, s, status, "import-bans", page)
}

// read reads the bans of the file that was sent.
func (f *banFile) read(r *http.Request) ([]syncer.BanRecord, error) {
	file, _, err := r.FormFile("file")
	if err != nil {
		return nil, syncer.Invalid("file", "give a file of at most %d MiB", mostBody>>20)
	}
	defer file.Close()
	records, err := readBans(file, r.PostFormValue("confirm") != "")
	if err != nil {
		return nil, err
	}
	doubts, err := f.console.deps.BanTransfer.Doubts(r.Context(), records)
	for i, record := range records {
		if syncer.CodeOf(doubts[i]) == syncer.CodeInvalid { // an id that nobody has is taken
			return nil, syncer.Invalid("file", "ban of %s: %s", record.Target, doubts[i])
		}
	}
	return records, err
}

func readBans(file io.Reader, confirmed bool) ([]syncer.BanRecord, error) {
	var records []syncer.BanRecord
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, mostLine)
	for number := 1; lines.Scan(); number++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var read wire.BanRecord
		if fault, refused := errors.AsType[*strict.Error](strict.Unmarshal(lines.Bytes(), &read)); refused {
			return nil, syncer.Invalid(fmt.Sprintf("line %d", number), "%s", fault)
		}
		bans, err := read.Records(confirmed)
		if err != nil {
			return nil, inLine(number, err)
		}
		if records = append(records, bans...); len(records) > mostImported {
			return nil, syncer.Invalid("file", "has more than %d bans; use syncer ban import", mostImported)
		}
	}
	if lines.Err() != nil {
		return nil, syncer.Invalid("file", "cannot be read: %s", lines.Err())
	}
	if len(records) == 0 {
		return nil, syncer.Invalid("file", "has no bans")
	}
	return records, nil
}

// inLine says in which line of a file something is wrong.
func inLine(number int, err error) error {
	refused, ok := errors.AsType[*syncer.Error](err)
	if !ok {
		return err
	}
	return &syncer.Error{
		Code: refused.Code, Field: fmt.Sprintf("line %d", number), Message: refused.Field + " " + refused.Message,
	}
}
