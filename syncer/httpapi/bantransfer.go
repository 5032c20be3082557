package httpapi

import (
	"context"
	"errors"
	"math"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// BanTransfer is what the API needs of the use-cases that carry bans from one
// database to another; *sidecar.Sidecar is one.
type BanTransfer interface {
	ExportBans(ctx context.Context, filter syncer.BanFilter, before int64, size int) (bans []syncer.BanRecord, next int64, err error)
	ImportBans(ctx context.Context, records []syncer.BanRecord, trial bool) ([]syncer.ImportedBan, error)
}

// registerBanTransfer adds the operations that carry bans.
func (s *Server) registerBanTransfer() {
	register(s, s.exportBansOperation())
	register(s, s.importBansOperation())
}

// BanExport is one page of an export.
type BanExport struct {
	Bans []syncer.BanRecord `json:"bans" nullable:"false" doc:"The bans, newest first, as an import takes them."`
	Next *string            `json:"next" doc:"The next page's after; null: this is the last."`
}

func (s *Server) exportBansOperation() operation[bansInput, plain[BanExport]] {
	return operation[bansInput, plain[BanExport]]{
		doc: document{
			method: http.MethodGet, path: "/v1/bans/export", id: "export-bans", tag: tagBans,
			summary:     "Export bans with their notes",
			description: "Bans open and over, without their numbers; one that has expired is closed. `syncer ban export` writes all of them to a file.",
			parameters: append([]*huma.Param{
				queryParameter("active", "Only those in force now, or only those not.", booleanSchema(""), false),
			}, pageParameters()...),
			replies:  []reply{{http.StatusOK, "One page.", reflect.TypeFor[BanExport](), exampleExport(), nil, ""}},
			refusals: append([]int{http.StatusBadRequest}, stored...),
		},
		decode: func(c *call) (in bansInput, err error) {
			q, err := parameters(c.r, "active", "limit", "after")
			if err != nil {
				return in, err
			}
			in.page, in.filter = q.page(), q.banFilter()
			if _, ok := exportPosition(in.page); !ok {
				q.fault("after", "is not a position that a page returned as next")
			}
			return in, q.err()
		},
		handle: func(ctx context.Context, _ *call, in bansInput) (plain[BanExport], error) {
			before, _ := exportPosition(in.page)
			bans, next, err := s.deps.BanTransfer.ExportBans(ctx, in.filter, before, in.page.Size)
			out := BanExport{Bans: append([]syncer.BanRecord{}, bans...)}
			if next > 0 {
				out.Next = optional(strconv.FormatInt(next, 10))
			}
			return plain[BanExport]{http.StatusOK, out}, err
		},
	}
}

// exportPosition reads where a page begins.
func exportPosition(page sidecar.Page) (before int64, ok bool) {
	if page.After == "" {
		return math.MaxInt64, true
	}
	before, err := strconv.ParseInt(page.After, 10, 64)
	return before, err == nil && before > 0
}

// BanImport says what became of imported bans.
type BanImport struct {
	DryRun bool          `json:"dryRun" doc:"Whether nothing was stored."`
	Bans   []ImportedBan `json:"bans" nullable:"false" doc:"What became of each, in the order given."`
}

// ImportedBan says what became of one.
type ImportedBan struct {
	Outcome syncer.ImportOutcome `json:"outcome" enum:"added,known,stands" doc:"added; known: it was here, same target, createdAt and by; stands: another ban of the target stands and stays."`
	ID      int64                `json:"id" doc:"Number of the ban that is there now; of no meaning in a dry run for one that is new."`
}

// importRequest is what to import.
type importRequest struct {
	records []syncer.BanRecord
	trial   bool
}

func (s *Server) importBansOperation() operation[importRequest, plain[BanImport]] {
	schema := objectSchema("Bans, of which all are stored or none.", map[string]*huma.Schema{
		"bans":   listSchema("As an export gives them.", s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[syncer.BanRecord](), true, ""), math.MaxInt32),
		"dryRun": booleanSchema("Only say what would happen."),
	}, "bans")
	return operation[importRequest, plain[BanImport]]{
		doc: document{
			method: http.MethodPost, path: "/v1/bans/import", id: "import-bans", tag: tagBans,
			summary: "Import bans",
			description: "What is here already stays as it is, so that a repeated import changes nothing; only notes that lack are added. " +
				"As many as http.max_body holds; `syncer ban import` takes whole files.",
			request: jsonBody("The bans.", true, schema, map[string]any{"bans": exampleExport().Bans, "dryRun": true}),
			replies: []reply{{
				http.StatusOK, "What became of them.", reflect.TypeFor[BanImport](),
				BanImport{DryRun: true, Bans: []ImportedBan{{syncer.ImportAdded, 7}}},
				nil, "",
			}},
			refusals: stored,
		},
		decode: body(s, func(_ *call, v value) importRequest { return decodeImport(v) }),
		handle: func(ctx context.Context, _ *call, in importRequest) (plain[BanImport], error) {
			imported, err := s.deps.BanTransfer.ImportBans(ctx, in.records, in.trial)
			out := BanImport{DryRun: in.trial, Bans: make([]ImportedBan, len(imported))}
			for i, ban := range imported {
				out.Bans[i] = ImportedBan{ban.Outcome, ban.Number}
			}
			return plain[BanImport]{http.StatusOK, out}, err
		},
	}
}

func decodeImport(v value) (in importRequest) {
	v.fields(map[string]func(member){
		"bans":   func(m member) { in.records = m.records() },
		"dryRun": func(m member) { in.trial, _ = m.boolean() },
	}, "bans")
	return in
}

// records reads a list of bans.
func (v value) records() []syncer.BanRecord {
	items, _ := v.list()
	records := make([]syncer.BanRecord, len(items))
	for i, item := range items {
		var err error
		records[i], err = syncer.ParseBanRecord(item.raw)
		if e, refused := errors.AsType[*syncer.Error](err); refused && e.Field != "" {
			item.faultAt(e.Field, "%s", e.Message)
		} else if refused {
			item.fault("%s", e.Message)
		}
	}
	return records
}

func exampleExport() BanExport {
	ban := exampleBan()
	target, _ := syncer.ParseTarget("", *ban.IP)
	note := syncer.BanNote{At: ban.CreatedAt, By: "Steve", Text: "uses a second account"}
	return BanExport{Bans: []syncer.BanRecord{{
		Target: target, Reason: ban.Reason, By: ban.By, CreatedAt: ban.CreatedAt, ExpiresAt: ban.ExpiresAt, Notes: []syncer.BanNote{note},
	}}}
}

// banRecordDoc stands for syncer.BanRecord in the OpenAPI document.
type banRecordDoc struct{}

// Schema describes what its JSON holds.
func (banRecordDoc) Schema(huma.Registry) *huma.Schema {
	properties := map[string]*huma.Schema{
		"liftedBy":   textSchema("Who lifted it.", "Steve", syncer.MaxHistoryText),
		"liftReason": textSchema("Why it was lifted.", "appeal", syncer.MaxReasonLength),
		"createdAt":  instantSchema("Since when; absent in an import: from now."),
		"liftedAt":   instantSchema("When it was lifted or, once expired, closed; null: it is open."),
		"notes": listSchema("What the staff noted on it.", objectSchema("A note.", map[string]*huma.Schema{
			"at":   instantSchema("When."),
			"by":   textSchema("Who.", "Steve", syncer.MaxHistoryText),
			"text": textSchema("What.", "uses a second account", syncer.MaxNoteLength),
		}, "at", "text"), math.MaxInt32),
	}
	for _, name := range []string{"uuid", "ip", "reason", "by", "expiresAt"} {
		properties[name] = banFieldSchemas[name]()
	}
	return objectSchema("A ban as it is carried to another database: of either a uuid or an ip.", properties)
}
