package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
)

// Counts is what the API needs of player counts; *sidecar.Counts is one.
type Counts interface {
	Report(ctx context.Context, report syncer.CountReport) error
	Export(ctx context.Context, r syncer.CountRange) (syncer.CountRange, []syncer.PlayerCount, error)
}

// registerCounts adds the operations on player counts.
func (s *Server) registerCounts() {
	register(s, s.reportOperation())
	register(s, s.exportOperation())
}

// PlayerCounts is the body of an export's answer.
type PlayerCounts struct {
	From   syncer.Time          `json:"from" doc:"Where the range begins, on a whole step."`
	To     syncer.Time          `json:"to" doc:"Just before which it ends."`
	Counts []syncer.PlayerCount `json:"counts" nullable:"false" doc:"The samples, oldest first, then by server. Where nothing was reported there is none."`
}

func (s *Server) reportOperation() operation[syncer.CountReport, nothing] {
	return operation[syncer.CountReport, nothing]{
		doc: document{
			method: http.MethodPost, path: "/v1/player-counts", id: "report-player-count", tag: tagCounts, asServer: true,
			summary: "Report how many players are on the asking server",
			description: "One call per report, as often as the game likes: of each four minutes the most is kept. During an outage of the database " +
				"the report waits on disk; repeating it is harmless.",
			request: jsonBody("The number.", true, objectSchema("A report.", map[string]*huma.Schema{
				"players": integerSchema("Players on the server.", 0, syncer.MaxPlayerCount),
				"at":      instantSchema("When; absent or null: now. A past time fills in what was not reported."),
			}, "players"), exampleReport),
			replies: []reply{{http.StatusNoContent, "Stored, or kept on disk until it can be.", nil, nil, nil, ""}},
		},
		decode: body(s, func(c *call, v value) syncer.CountReport { return decodeReport(v, c.from.Name, s.deps.Players.Now()) }),
		handle: func(ctx context.Context, _ *call, in syncer.CountReport) (nothing, error) {
			return nothing{}, s.deps.Counts.Report(ctx, in)
		},
	}
}

func decodeReport(v value, server string, now time.Time) syncer.CountReport {
	report := syncer.CountReport{Server: server}
	counted := false
	members, ok := v.members()
	for _, m := range members {
		switch m.name {
		case "players":
			counted = true
			if n, ok := m.integer(); ok {
				report.Players = int(n)
			}
		case "at":
			report.At = m.instant()
		default:
			m.fault("is unknown; a report has players and at")
		}
	}
	if ok && !counted {
		v.missing("players")
	}
	if ok && len(*v.faults) == 0 {
		checked := report
		if checked.At.IsZero() {
			checked.At = syncer.TimeOf(now)
		}
		v.note(checked.Validate(now))
	}
	return report
}

// export is what to export, and as what.
type export struct {
	counts syncer.CountRange
	csv    bool
}

func (s *Server) exportOperation() operation[export, countsAnswer] {
	return operation[export, countsAnswer]{
		doc: document{
			method: http.MethodGet, path: "/v1/player-counts", id: "export-player-counts", tag: tagCounts,
			summary: "Export how many players there were",
			description: "Samples as they are stored: one for every four minutes and server, or for longer where old ones were thinned. With `step` the most of " +
				"each step and server; with `sum` the sum of that over the servers. A sample counts in every step that it overlaps, so that servers " +
				"thinned differently still add up. The sum of each server's most is at least what was there at once. At most 100 000 samples per answer.",
			parameters: []*huma.Param{
				queryParameter("from", "RFC 3339; absent: a day before to.", textSchema("", exampleTime, 64), false),
				queryParameter("to", "RFC 3339, just before which it ends; absent: now.", textSchema("", "2030-01-03T03:04:05.000Z", 64), false),
				queryParameter("server", "Only of this game server.", textSchema("", "survival-1", 64), false),
				queryParameter("sum", "All servers together.", booleanSchema(""), false),
				queryParameter("step", "Length of a step: a multiple of 4 minutes, up to a day.", textSchema("", "1h", 16), false),
				queryParameter("format", "json, or csv (RFC 4180); absent: what Accept asks for.", enumSchema("", "json", "csv"), false),
			},
			replies: []reply{
				{http.StatusOK, "The samples.", reflect.TypeFor[PlayerCounts](), exampleCounts(), nil, ""},
				{http.StatusOK, "The samples.", reflect.TypeFor[string](), exampleCountsCSV(), nil, "text/csv"},
			},
			refusals: append([]int{http.StatusBadRequest}, stored...),
		},
		decode: func(c *call) (export, error) { return decodeExport(c, s.deps.Players.Now()) },
		handle: func(ctx context.Context, _ *call, in export) (countsAnswer, error) {
			r, counts, err := s.deps.Counts.Export(ctx, in.counts)
			return countsAnswer{counts: countsOf(r, counts), sum: r.Sum, csv: in.csv}, inQueryIfAny(err)
		},
	}
}

func decodeExport(c *call, now time.Time) (in export, err error) {
	q, err := parameters(c.r, "from", "to", "server", "sum", "step", "format")
	if err != nil {
		return in, err
	}
	r := &in.counts
	r.To = q.time("to", now)
	r.From = q.time("from", r.To.AddDate(0, 0, -1))
	if r.Server = q.values.Get("server"); r.Server == "" && q.values.Has("server") {
		q.fault("server", "must not be empty")
	}
	switch sum := q.values.Get("sum"); {
	case sum == "true":
		r.Sum = true
	case sum != "false" && q.values.Has("sum"):
		q.fault("sum", "must be true or false")
	}
	if q.values.Has("step") {
		if r.Step, err = syncer.ParseDuration(q.values.Get("step")); err != nil {
			q.fault("step", "must be a multiple of 4 minutes, up to a day, such as 1h")
		}
	}
	switch format := q.values.Get("format"); {
	case format == "csv":
		in.csv = true
	case !q.values.Has("format"):
		in.csv = strings.HasPrefix(c.r.Header.Get("Accept"), "text/csv")
	case format != "json":
		q.fault("format", "must be json or csv")
	}
	return in, q.err()
}

// time reads an instant, or takes the fallback where there is none.
func (q *query) time(name string, fallback time.Time) time.Time {
	if !q.values.Has(name) {
		return fallback
	}
	parsed, err := syncer.ParseTime(q.values.Get(name))
	instant, ok := parsed.Instant()
	if err != nil || !ok {
		q.fault(name, "must be an RFC 3339 time; write + as %2B")
		return fallback
	}
	return instant
}

// countsAnswer is an export as JSON or CSV.
type countsAnswer struct {
	counts PlayerCounts
	sum    bool // no server is named
	csv    bool
}

var typeCSV = []string{"text/csv; charset=utf-8; header=present"}

func (a countsAnswer) status() int          { return http.StatusOK }
func (a countsAnswer) header(h http.Header) { h["Vary"] = []string{"Accept"} }

func (a countsAnswer) contentType() []string {
	if a.csv {
		return typeCSV
	}
	return typeJSON
}

func (a countsAnswer) append(b []byte) []byte {
	if !a.csv {
		return appendJSON(b, a.counts)
	}
	return syncer.AppendCountsCSV(b, a.counts.Counts, a.sum)
}

func countsOf(r syncer.CountRange, counts []syncer.PlayerCount) PlayerCounts {
	return PlayerCounts{From: syncer.TimeOf(r.From), To: syncer.TimeOf(r.To), Counts: counts}
}

var exampleReport = map[string]any{"players": 17}

func exampleCounts() PlayerCounts {
	slot, _ := time.Parse(time.RFC3339, "2030-01-02T03:04:00Z")
	return countsOf(syncer.CountRange{From: slot, To: slot.Add(syncer.CountSlot)}, []syncer.PlayerCount{
		{Server: "survival-1", Slot: syncer.TimeOf(slot), Minutes: 4, Players: 17},
	})
}

func exampleCountsCSV() string {
	return string(countsAnswer{counts: exampleCounts(), csv: true}.append(nil))
}
