package httpapi

import (
	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/merge"
)

// What examples in the document are made of, for tests that ask with it.
const (
	exampleID       = "abcdefghijklmnopqrstuv=="
	exampleCurrency = "coins"
)

// exampleBody returns the document's example of a request.
func (f *fixture) exampleBody(method, path string) string {
	op := operations(f.server.document())[method+" "+path]
	return string(appendJSON(nil, op.RequestBody.Content["application/json"].Example))
}

func exampleVisits() syncer.PlayerInfo {
	first, _ := syncer.ParseTime("2029-12-24T18:00:00.000Z")
	last, _ := syncer.ParseTime(exampleTime)
	return syncer.NewPlayerInfo(exampleID, "[accent]Steve", []syncer.ServerVisits{{
		Server: "survival-1",
		Visits: syncer.Visits{
			Joins: 12, Kicks: 1, First: first, Last: last,
			Names:     []syncer.Seen{{Value: "[accent]Steve", Times: 12, First: first, Last: last}},
			Addresses: []syncer.Seen{{Value: "203.0.113.7", Times: 12, First: first, Last: last}},
		},
	}})
}

// exampleRecord is what a whole record looks like.
func exampleRecord() wire.Record {
	p := syncer.NewPlayer(exampleID)
	p.Rainbow = &syncer.Rainbow{Speed: 5}
	return wire.RecordOf(merge.ViewOf(p, testHome), testNow)
}
