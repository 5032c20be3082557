package syncer_test

import (
	"strings"
	"testing"

	"playersync/syncer"
)

func TestGameServerValidate(t *testing.T) {
	t.Parallel()
	good := syncer.GameServer{Name: "pvp-1", Gamemode: "pvp", Address: "203.0.113.1:6567"}
	if err := good.Validate("server."); err != nil {
		t.Error(err)
	}
	for field, spoil := range map[string]func(*syncer.GameServer){
		"server.name":     func(s *syncer.GameServer) { s.Name = "" },
		"server.gamemode": func(s *syncer.GameServer) { s.Gamemode = "p\x00p" },
		"server.address":  func(s *syncer.GameServer) { s.Address = strings.Repeat("1", 65) },
	} {
		bad := good
		spoil(&bad)
		wantInvalid(t, bad.Validate("server."), field)
	}
}
