package httpapi

import (
	"context"
	"net/http"
	"strings"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// registerCounts adds the operations on player counts.
func (s *Server) registerCounts() {
	declare(s, route{
		http.MethodPost, "/v1/player-counts", "report-player-count", tagCounts,
		"Report how many players are on the asking server",
		"One call per report, as often as the game likes: of each four minutes the most is kept. " +
			"During an outage of the database the report waits on disk; repeating it is harmless.",
		replies{204: "Stored, or kept on disk until it can be."},
		nil,
	}, s.reportCount)
	declare(s, route{
		http.MethodGet, "/v1/player-counts", "export-player-counts", tagCounts,
		"Export how many players there were",
		"Samples as they are stored: one for every four minutes and server, or for longer where old ones were " +
			"thinned. With `step` the most of each step and server; with `sum` the sum of that over the servers. " +
			"A sample counts in every step that it overlaps, so that servers thinned differently still add up. " +
			"The sum of each server's most is at least what was there at once. At most 100 000 samples per answer.",
		replies{200: "The samples."},
		stored,
	}, s.exportCounts)
}

// Counts is what the API needs of player counts; *sidecar.Counts is one.
type Counts interface {
	Report(ctx context.Context, report syncer.CountReport) error
	Export(ctx context.Context, r syncer.CountRange) (syncer.CountRange, []syncer.PlayerCount, error)
}

type reportCountInput struct {
	Acting
	Body wire.PlayerCountReport `doc:"The number."`
}

func (s *Server) reportCount(ctx context.Context, in *reportCountInput) (*struct{}, error) {
	report, err := in.Body.Report(in.from.Name, s.deps.Players.Now())
	if err != nil {
		return nil, err
	}
	return &struct{}{}, s.deps.Counts.Report(ctx, report)
}

type exportCountsInput struct {
	From   moment   `query:"from" minLength:"1" maxLength:"64" example:"2030-01-02T03:04:05.000Z" doc:"RFC 3339, or how long ago, such as 7d; absent: a day before to."`
	To     moment   `query:"to" minLength:"1" maxLength:"64" example:"2030-01-03T03:04:05.000Z" doc:"The time just before which it ends; absent: now."`
	Server string   `query:"server" minLength:"1" maxLength:"64" example:"survival-1" doc:"Only of this game server."`
	Sum    bool     `query:"sum" doc:"All servers together."`
	Step   stepTime `query:"step" minLength:"1" maxLength:"16" example:"1h" doc:"Length of a step: a multiple of 4 minutes, up to a day."`
	Format string   `query:"format" minLength:"1" enum:"json,csv" doc:"json, or csv (RFC 4180); absent: what Accept asks for."`
	Accept string   `header:"Accept" hidden:"true"`
}

// exportCountsResult is JSON or CSV, as its type says.
type exportCountsResult struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Vary        string `header:"Vary" hidden:"true"`
	Body        wire.PlayerCounts
}

func (s *Server) exportCounts(ctx context.Context, in *exportCountsInput) (*exportCountsResult, error) {
	asked := syncer.CountRange{Server: in.Server, Sum: in.Sum, Step: in.Step.Duration}
	r, counts, err := s.deps.Counts.Export(ctx, asked.Between(in.From.Moment, in.To.Moment, s.deps.Players.Now()))
	out := &exportCountsResult{ContentType: typeJSON[0], Vary: "Accept", Body: wire.PlayerCountsOf(r, counts)}
	if in.Format == "csv" || in.Format == "" && strings.HasPrefix(in.Accept, "text/csv") {
		out.ContentType = typeCSV
	}
	return out, inQueryIfAny(err)
}

const typeCSV = "text/csv; charset=utf-8; header=present"
