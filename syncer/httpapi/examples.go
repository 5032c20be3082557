package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
)

// Examples for the OpenAPI document. They are built from the types the answers
// are, so that they cannot say anything else.

const (
	exampleID      = "abcdefghijklmnopqrstuv=="
	exampleTime    = "2030-01-02T03:04:05.000Z"
	exampleEventID = "K3XQ7A-1841"
)

var (
	exampleJoin  = map[string]any{"name": "[accent]Steve", "ip": "203.0.113.7", "usid": "gB3mTVEkJpo="}
	examplePatch = map[string]any{
		"rank": "admin", "flags": map[string]any{"add": []string{"trusted"}}, "muted": false,
		"attributes": map[string]any{"economy": map[string]any{"tier": 2}},
	}
	exampleLeave    = map[string]any{"name": "[accent]Steve", "stats": map[string]any{"blocksBroken": 121}}
	exampleNewBan   = map[string]any{"ip": "198.51.100.0/24", "reason": "griefing", "by": "Steve", "duration": "7d"}
	exampleQuestion = map[string]any{"uuid": exampleID, "ip": "198.51.100.7"}
	exampleLift     = map[string]any{"ip": "198.51.100.0/24", "by": "Steve", "reason": "appeal"}
)

func exampleRecord() Record {
	usid := "gB3mTVEkJpo="
	created, _ := syncer.ParseTime("2029-12-24T18:00:00.000Z")
	joined, _ := syncer.ParseTime(exampleTime)
	stats := map[string]int64{"blocksBroken": 120}
	return Record{
		UUID: exampleID, Rank: "admin", Flags: []string{"trusted"}, Attributes: json.RawMessage(`{"economy":{"tier":2}}`),
		Name: "[accent]Steve", Rainbow: &syncer.Rainbow{Speed: 5}, ChatStrictness: syncer.StrictnessChat, ShowRankPrefix: true, Language: "en",
		History: exampleHistory().History, USID: &usid, FirstJoined: created, LastJoined: joined, Stats: stats,
		GlobalFirstJoined: created, GlobalLastJoined: joined, GlobalStats: stats, Revision: 42, CreatedAt: created,
	}
}

func exampleHistory() History {
	when, _ := syncer.ParseTime(exampleTime)
	return History{[]syncer.HistoryEntry{{Action: "muted", By: "Steve", Time: when}}}
}

func exampleJoined() Joined {
	record := exampleRecord()
	return Joined{Player: &record}
}

func exampleBan() Ban {
	created, _ := syncer.ParseTime(exampleTime)
	expires, _ := syncer.ParseTime("2030-01-09T03:04:05.000Z")
	ip := "198.51.100.0/24"
	return Ban{ID: 7, IP: &ip, Reason: "griefing", By: "Steve", CreatedAt: created, ExpiresAt: expires, Active: true}
}

func exampleChecked() Checked { return Checked{Banned: true, Bans: []Ban{exampleBan()}} }

func exampleLifted() Lifted {
	ban := exampleBan()
	ban.LiftedAt, ban.LiftedBy, ban.LiftReason, ban.Active = ban.CreatedAt, "Steve", "appeal", false
	return Lifted{Lifted: true, Ban: &ban}
}

func exampleBansPage() BansPage { return BansPage{Bans: []Ban{exampleBan()}} }

func examplePlayersPage() PlayersPage {
	return PlayersPage{Players: []syncer.PlayerSummary{{ID: exampleID, Name: "[accent]Steve", Rank: "admin"}}}
}

func exampleEvents() []any {
	ban := exampleBan()
	return []any{map[string]any{"id": exampleEventID, "type": "ban", "data": BanEvent{IP: ban.IP, Banned: true, ExpiresAt: ban.ExpiresAt}}}
}

// exampleProblem returns what a refusal with the status looks like.
func exampleProblem(status int) *Problem {
	switch status {
	case http.StatusBadRequest:
		return refuse(FieldError{In: inHeader, Field: "If-Match", Message: "must be an ETag in quotes"})
	case http.StatusUnprocessableEntity:
		return refuse(FieldError{In: inBody, Field: "rank", Message: "must be a text, is a number"})
	}
	codes := map[int]syncer.Code{
		http.StatusPaymentRequired: syncer.CodeInsufficient,
		http.StatusUnauthorized:    codeUnauthorized, http.StatusForbidden: codeForbidden, http.StatusNotFound: syncer.CodeNotFound,
		http.StatusConflict: syncer.CodeConflict, http.StatusPreconditionFailed: syncer.CodeStale,
		http.StatusRequestEntityTooLarge: syncer.CodeTooLarge, http.StatusUnsupportedMediaType: codeMediaType,
		http.StatusInternalServerError: codeInternal,
		http.StatusInsufficientStorage: syncer.CodeFull,
		http.StatusServiceUnavailable:  syncer.CodeUnavailable, http.StatusGatewayTimeout: codeTimeout,
	}
	return newProblem(status, codes[status], "%s", refusalText[status])
}

// conditionParameter documents a conditional header.
func conditionParameter(name, doc string) []*huma.Param {
	return []*huma.Param{{Name: name, In: "header", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}, Example: `"42"`}}
}
