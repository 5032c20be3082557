package httpapi

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

var _ Mutes = (*sidecar.Edits)(nil)

// fakeMutes knows one player. The first mute is made, all others stand.
type fakeMutes struct {
	asked   []syncer.NewMute
	unmuted syncer.Attribution
}

// Mute remembers the request.
func (f *fakeMutes) Mute(_ context.Context, mute syncer.NewMute) (syncer.Muting, error) {
	muting := syncer.Muting{Player: new(syncer.NewPlayer(mute.Player)), Outcome: syncer.MuteMade}
	if mute.Player != exampleID {
		return syncer.Muting{}, syncer.NotFound("no player %q", mute.Player)
	}
	if f.asked = append(f.asked, mute); len(f.asked) > 1 {
		muting.Outcome = syncer.MuteStands
	}
	muting.Player.UnmuteTime, muting.Player.MuteReason = f.asked[0].Until, f.asked[0].Reason
	return muting, mute.Validate(testNow)
}

// Unmute remembers for whom.
func (f *fakeMutes) Unmute(ctx context.Context, id syncer.PlayerID, by string) (syncer.Muting, error) {
	f.unmuted = syncer.Attribution{By: by}.Or(syncer.AttributionOf(ctx))
	return syncer.Muting{Player: new(syncer.NewPlayer(id)), Outcome: syncer.MuteEnded}, syncer.CheckAuthor("by", by)
}

func TestMute(t *testing.T) {
	t.Parallel()
	mutes := &fakeMutes{}
	f := newFixture(t, func(_ *Config, d *Deps) { d.Mutes = mutes })
	const path = "/v1/players/" + exampleID + "/mute"
	var made, stands wire.Muting
	f.ask(t, "POST", path, `{"reason":"spam","by":"Alice","duration":"2h"}`).wants(http.StatusOK).into(&made)
	until := syncer.TimeOf(testNow.Add(2 * time.Hour))
	if made != (wire.Muting{
		UUID: exampleID, Muted: true, UnmuteTime: until, MuteReason: "spam", Outcome: syncer.MuteMade,
	}) || mutes.asked[0] != (syncer.NewMute{Player: exampleID, Until: until, Reason: "spam", By: "Alice"}) {
		t.Errorf("answered %+v, asked for %+v", made, mutes.asked)
	}
	for _, forever := range []string{`{"replace":true}`, `{"replace":true,"expiresAt":null,"reason":null,"by":null}`} {
		f.ask(t, "POST", path, forever).wants(http.StatusOK).into(&stands)
		want := syncer.NewMute{Player: exampleID, Until: syncer.Forever, Replace: true}
		if asked := mutes.asked[len(mutes.asked)-1]; asked != want || stands.Outcome != syncer.MuteStands {
			t.Errorf("%s answered %+v, asked for %+v", forever, stands, asked)
		}
	}
	f.ask(t, "POST", "/v1/players/nobody/mute", `{}`).problem(http.StatusNotFound)
	for body, fields := range map[string][]string{
		`{"reason":"` + strings.Repeat("x", 513) + `","bi":"x"}`:    {"reason", "bi"},
		`{"expiresAt":"2029-01-01T00:00:00Z"}`:                      {"expiresAt"},
		`{"expiresAt":"2031-01-01T00:00:00Z","duration":"2h"}`:      {"duration"},
		`{"by":"` + strings.Repeat("x", 513) + `","duration":"0h"}`: {"by", "duration"},
	} {
		f.ask(t, "POST", path, body).problem(http.StatusUnprocessableEntity).names(t, fields...)
	}
}

func TestUnmute(t *testing.T) {
	t.Parallel()
	mutes := &fakeMutes{}
	f := newFixture(t, func(_ *Config, d *Deps) { d.Mutes = mutes })
	for body, by := range map[string]string{``: "Header", `{}`: "Header", `{"by":"Alice"}`: "Alice"} {
		var ended wire.Muting
		f.ask(t, "POST", "/v1/players/"+exampleID+"/unmute", body, "Syncer-By: Header").
			wants(http.StatusOK).into(&ended)
		if ended.Muted || ended.Outcome != syncer.MuteEnded || mutes.unmuted.By != by {
			t.Errorf("%s: answered %+v, for %+v", body, ended, mutes.unmuted)
		}
	}
}
