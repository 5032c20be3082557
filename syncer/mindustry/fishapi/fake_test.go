package fishapi_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry/fishapi"
)

// backend takes every use-case of the package and remembers what reached it.
type backend struct {
	fishapi.Players
	fishapi.Bans
	fishapi.USIDs

	from     syncer.GameServer
	id       syncer.PlayerID
	save     merge.Save
	address  netip.Addr
	targets  []syncer.Target
	rejected string
	calls    int
	written  []bool // of uploads

	view   *merge.View
	banned bool
	full   error // what keeps servers from being answered
	err    error
}

func (b *backend) Fetch(_ context.Context, from syncer.GameServer, id syncer.PlayerID) (*merge.View, error) {
	b.calls, b.from, b.id = b.calls+1, from, id
	return b.view, b.err
}

func (b *backend) Upload(
	_ context.Context, from syncer.GameServer, id syncer.PlayerID, save merge.Save, _ bool,
) (func(bool), error) {
	b.calls, b.from, b.id, b.save = b.calls+1, from, id, save
	return func(written bool) { b.written = append(b.written, written) }, b.err
}

func (b *backend) IsBanned(id syncer.PlayerID, address netip.Addr) (bool, error) {
	b.calls, b.id, b.address = b.calls+1, id, address
	return b.banned, b.err
}

func (b *backend) AddBan(_ context.Context, ban syncer.NewBan) (syncer.Ban, syncer.BanOutcome, error) {
	b.calls, b.targets = b.calls+1, append(b.targets, ban.Target)
	return syncer.Ban{}, syncer.BanMade, b.err
}

func (b *backend) LiftBan(_ context.Context, target syncer.Target, _, _ string) (syncer.Ban, bool, error) {
	b.calls, b.targets = b.calls+1, append(b.targets, target)
	return syncer.Ban{}, false, b.err
}

func (b *backend) RejectUSID(_ context.Context, from syncer.GameServer, id syncer.PlayerID, usid, code string) error {
	b.calls, b.from, b.id, b.rejected = b.calls+1, from, id, code+" "+usid
	return b.err
}

func (b *backend) Admit(syncer.GameServer) error { return b.full }

func handler(t testing.TB, b *backend, config fishapi.Config) http.Handler {
	t.Helper()
	h, err := fishapi.New(config, fishapi.Deps{
		Servers: b, Players: b, Bans: b, USIDs: b, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// post sends a body as the game server at 192.0.2.9 does.
func post(h http.Handler, path, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	request.RemoteAddr = "192.0.2.9:40000"
	request.Header.Set("Content-Type", "application/json")
	response := httptest.NewRecorder()
	h.ServeHTTP(response, request)
	return response
}
