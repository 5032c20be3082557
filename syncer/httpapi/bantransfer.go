package httpapi

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// registerBanTransfer adds the operations that carry bans to another database.
func (s *Server) registerBanTransfer() {
	declare(s, route{
		http.MethodGet, "/v1/bans/export", "export-bans", tagBans,
		"Export bans with their notes",
		"Bans open and over, without their numbers; one that has expired is closed. " +
			"`syncer ban export` writes all of them to a file.",
		replies{200: "One page."},
		stored,
	}, s.exportBans)
	declare(s, route{
		http.MethodPost, "/v1/bans/import", "import-bans", tagBans,
		"Import bans",
		"What is here already stays as it is, so that a repeated import changes nothing; " +
			"only notes that lack are added. A ban with uuid and ip bans both. " +
			"A uuid that is the name of a player, and nobody's id, is refused. " +
			"As many as http.max_body holds; `syncer ban import` takes whole files. " +
			"A ban in force of a wide range gets 409 with the code unconfirmed, unless confirm is true.",
		replies{200: "What became of them."},
		storedOr(http.StatusConflict),
	}, s.importBans)
}

// BanTransfer is what the API needs of the use-cases that carry bans from one
// database to another; *sidecar.BanTransfer is one.
type BanTransfer interface {
	ExportBans(
		ctx context.Context, filter syncer.BanFilter, before int64, size int,
	) (bans []syncer.BanRecord, next int64, err error)
	Doubts(ctx context.Context, records []syncer.BanRecord) (map[int]error, error)
	ImportBans(ctx context.Context, records []syncer.BanRecord, trial bool) ([]syncer.ImportedBan, error)
}

type exportBansInput struct {
	Active given[bool] `query:"active" doc:"Only those in force now, or only those not."`
	NumberedPage
}

func (s *Server) exportBans(ctx context.Context, in *exportBansInput) (*result[wire.BanExport], error) {
	filter := syncer.BanFilter{Active: in.Active.pointer()}
	bans, next, err := s.deps.BanTransfer.ExportBans(ctx, filter, in.After.number, in.Limit)
	out := wire.BanExport{Bans: make([]wire.BanRecord, len(bans)), Next: nextPosition(next)}
	for i, ban := range bans {
		out.Bans[i] = wire.BanRecordOf(ban)
	}
	return &result[wire.BanExport]{out}, err
}

type importBansInput struct {
	Author
	Body wire.NewBanImport `doc:"Bans, of which all are stored or none."`
}

func (s *Server) importBans(ctx context.Context, in *importBansInput) (*result[wire.BanImport], error) {
	records, rows, err := in.Body.Records()
	if err != nil {
		return nil, err
	}
	doubts, err := s.deps.BanTransfer.Doubts(ctx, records)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, i := range slices.Sorted(maps.Keys(doubts)) {
		if syncer.CodeOf(doubts[i]) == syncer.CodeInvalid { // an id that nobody has is taken, and said
			faults = append(faults, wire.InBan(rows[i], doubts[i]))
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	imported, err := s.deps.BanTransfer.ImportBans(ctx, records, in.Body.DryRun)
	return &result[wire.BanImport]{wire.BanImportOf(imported, rows, in.Body.DryRun)}, err
}
