package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

var _ Kicks = (*sidecar.Kicks)(nil)

// fakeKicks knows one player who is online.
type fakeKicks struct{ last syncer.Kick }

// Kick remembers the request.
func (f *fakeKicks) Kick(_ context.Context, kick syncer.Kick) ([]string, error) {
	if err := kick.Validate(); err != nil {
		return nil, err
	}
	if kick.Player != exampleID {
		return nil, syncer.NotFound("%s is on no game server", kick.Player)
	}
	f.last = kick
	return []string{"a", "b"}, nil
}

func TestKick(t *testing.T) {
	t.Parallel()
	kicks := &fakeKicks{}
	f := newFixture(t, func(_ *Config, d *Deps) { d.Kicks = kicks })
	const path = "/v1/players/" + exampleID + "/kick"
	var asked wire.KickAsked
	f.ask(t, "POST", path, `{"reason":"spam","by":"Alice"}`).wants(http.StatusAccepted).into(&asked)
	if asked.UUID != exampleID || strings.Join(asked.Servers, " ") != "a b" ||
		kicks.last != (syncer.Kick{Player: exampleID, Reason: "spam", By: "Alice"}) {
		t.Errorf("answered %+v, asked for %+v", asked, kicks.last)
	}
	for _, body := range []string{`{}`, ``} {
		f.ask(t, "POST", path, body).wants(http.StatusAccepted)
		if kicks.last != (syncer.Kick{Player: exampleID}) {
			t.Errorf("%q asks for %+v", body, kicks.last)
		}
	}
	f.ask(t, "POST", "/v1/players/nobody/kick", `{}`).problem(http.StatusNotFound)
	f.ask(t, "POST", path, `{"reason":"`+strings.Repeat("x", 513)+`","bi":"x"}`).
		problem(http.StatusUnprocessableEntity).names(t, "reason", "bi")
}

func TestKickEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	from := f.events.LastID()
	kick := &syncer.Kick{Player: exampleID, Reason: "spam", By: "Alice", At: syncer.TimeOf(testNow)}
	f.events.Publish(changefeed.Event{Type: changefeed.EventKick, ID: exampleID, Kick: kick})
	f.events.Publish(changefeed.Event{Type: changefeed.EventKick, ID: "x", Kick: &syncer.Kick{Player: "x"}})
	var got []struct {
		Type changefeed.EventType
		Data json.RawMessage
	}
	f.ask(t, "GET", "/v1/events?types=kick&wait=0s&after="+from, "").wants(http.StatusOK).into(&got)
	want := `{"uuid":"` + exampleID + `","online":false,"reason":"spam","by":"Alice","at":"` + kick.At.String() + `"}`
	if len(got) != 2 || got[0].Type != changefeed.EventKick || string(got[0].Data) != want ||
		string(got[1].Data) != `{"uuid":"x","online":false,"reason":"","by":null,"at":null}` {
		t.Errorf("events %s", got)
	}
}
