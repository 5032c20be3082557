package wire

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"time"

	"playersync/syncer"
)

// PlayerCountReport is how many players are on the server that asks.
type PlayerCountReport struct {
	Players int     `json:"players" minimum:"0" maximum:"1000000" example:"17" doc:"Players on the server."`
	At      Instant `json:"at,omitzero" nullable:"true" format:"date-time" doc:"When; absent or null: now. A past time fills in what was not reported."`
}

// Report returns the report of the game server. Now is the database's clock.
func (r PlayerCountReport) Report(server string, now time.Time) (syncer.CountReport, error) {
	report := syncer.CountReport{Server: server, Players: r.Players, At: r.At.Time}
	checked := report
	if checked.At.IsZero() {
		checked.At = syncer.TimeOf(now)
	}
	return report, checked.Validate(now)
}

// PlayerCounts is an export of player counts.
type PlayerCounts struct {
	From   syncer.Time   `json:"from" example:"2030-01-02T03:04:00.000Z" doc:"Where the range begins, on a whole step."`
	To     syncer.Time   `json:"to" example:"2030-01-02T03:08:00.000Z" doc:"Just before which it ends."`
	Counts []PlayerCount `json:"counts" doc:"The samples, oldest first, then by server. Where nothing was reported there is none."`

	sum bool // no server is named
}

// PlayerCount is the most players that a server had in some time, or the sum of that over
// all servers.
type PlayerCount struct {
	Server  string      `json:"server,omitempty" example:"survival-1" doc:"Name of the game server; absent: all together."`
	Slot    syncer.Time `json:"slot" example:"2030-01-02T03:04:00.000Z" doc:"Start of the time that the sample stands for."`
	Minutes int64       `json:"minutes" example:"4" doc:"Length of that time."`
	Players int64       `json:"players" example:"17" doc:"The most players at any moment of it; all together: the sum of that over the servers."`
}

// PlayerCountsOf returns the samples of a range.
func PlayerCountsOf(r syncer.CountRange, counts []syncer.PlayerCount) PlayerCounts {
	out := PlayerCounts{
		From: syncer.TimeOf(r.From), To: syncer.TimeOf(r.To), Counts: make([]PlayerCount, len(counts)), sum: r.Sum,
	}
	for i, c := range counts {
		out.Counts[i] = PlayerCount(c)
	}
	return out
}

// AppendCSV appends the samples as CSV (RFC 4180) with a header. Sums name no server.
func (c PlayerCounts) AppendCSV(b []byte) []byte {
	buffer := bytes.NewBuffer(b)
	w := csv.NewWriter(buffer)
	w.UseCRLF = true
	record := []string{"slot", "minutes", "players"}
	if !c.sum {
		record = append(record, "server")
	}
	_ = w.Write(record) // a buffer takes everything
	for _, sample := range c.Counts {
		record = append(record[:0], sample.Slot.String(), strconv.FormatInt(sample.Minutes, 10),
			strconv.FormatInt(sample.Players, 10))
		if !c.sum {
			record = append(record, CSVCell(sample.Server))
		}
		_ = w.Write(record)
	}
	w.Flush()
	return buffer.Bytes()
}
