package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/mindustry"
)

func TestBanIsAddedListedCheckedAndLifted(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	ban := decode[wire.Ban](t, environ, "ban", "add", "uuid:Steve", "--reason", "griefing", "--by", "Notch", "--for", "1d12h")
	if ban.UUID == nil || *ban.UUID != "Steve" || ban.Reason != "griefing" || ban.By != "Notch" || !ban.Active {
		t.Errorf("added %+v", ban)
	}
	created, _ := ban.CreatedAt.Instant()
	if expires, ok := ban.ExpiresAt.Instant(); !ok || expires.Sub(created).Round(time.Minute) != 36*time.Hour {
		t.Errorf("it lasts from %v to %v, want 36 h", created, expires)
	}
	if again := decode[wire.Ban](t, environ, "ban", "add", "Steve", "--reason", "other"); again.ID != ban.ID || again.Reason != "griefing" {
		t.Errorf("the second ban answers %+v, want the one that stands", again)
	}
	if ip := decode[wire.Ban](t, environ, "ban", "add", "203.0.113.0/24").IP; ip == nil || *ip != "203.0.113.0/24" {
		t.Errorf("banned the range %v", ip)
	}
	execute(t, url, "insert into ban (uuid, created_at, expires_at) values ('Old', now() - interval '2 days', now() - interval '1 day')")

	if bans := decode[[]wire.Ban](t, environ, "ban", "list"); len(bans) != 2 {
		t.Errorf("in force: %+v, want 2", bans)
	}
	if bans := decode[[]wire.Ban](t, environ, "ban", "list", "--all", "--limit", "3"); len(bans) != 3 {
		t.Errorf("all: %+v, want 3", bans)
	}
	if bans := decode[[]wire.Ban](t, environ, "ban", "list", "--ip", "203.0.113.9"); len(bans) != 1 {
		t.Errorf("of the address: %+v, want 1", bans)
	}
	type answer struct {
		Banned bool
		Bans   []wire.Ban
	}
	if a := decode[answer](t, environ, "ban", "check", "Steve", "203.0.113.9"); !a.Banned || len(a.Bans) != 2 {
		t.Errorf("check of both: %+v", a)
	}
	if a := decode[answer](t, environ, "ban", "check", "2001:db8::1"); a.Banned || a.Bans == nil {
		t.Errorf("check of another: %+v", a)
	}

	lifted := decode[wire.Ban](t, environ, "ban", "lift", "Steve", "--by", "Notch", "--reason", "appeal")
	if lifted.ID != ban.ID || lifted.Active || lifted.LiftedAt.IsZero() || lifted.LiftedBy != "Notch" || lifted.LiftReason != "appeal" {
		t.Errorf("lifted %+v", lifted)
	}
	if r := runSyncer(t, environ, "ban", "lift", "Steve"); r.code != exitFailed || !strings.Contains(r.errs, "Steve is not banned") {
		t.Errorf("lifting again: %+v", r)
	}
}

func TestPlayerIsMadeChangedAndFound(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url, `insert into player (uuid, name, gamemodes) values ('id-1', 'Steve', '{"pvp": {"stats": {"wins": 3}}}')`)

	p := decode[syncer.Player](t, environ, "player", "set", "steve", // by its name
		"--rank", "admin", "--add-flag", "builder", "--add-flag", "a flag", "--mute", "forever",
		"--attributes", `{"shop": {"discount": 5}}`, "--override-name", "Boss")
	if p.ID != "id-1" || p.Rank != "admin" || len(p.Flags) != 2 || p.UnmuteTime != syncer.Forever || *p.OverrideName != "Boss" {
		t.Errorf("set %+v", p)
	}
	p = decode[syncer.Player](t, environ, "player", "set", "id-1",
		"--remove-flag", "builder", "--unmute", "--mark", "2h", "--attributes", `{"shop": null, "new": 1}`, "--override-name", "")
	if len(p.Flags) != 1 || !p.UnmuteTime.IsZero() || p.UnmarkTime.IsZero() || strings.Join(strings.Fields(string(p.Attributes)), "") != `{"new":1}` || p.OverrideName != nil {
		t.Errorf("set %+v", p)
	}
	if r := runSyncer(t, environ, "player", "set", "id-1", "--rank", "x", "--if-revision", "1"); r.code != exitFailed || !strings.Contains(r.errs, "revision") {
		t.Errorf("with an old revision: %+v", r)
	}
	text := succeed(t, environ, "player", "get", "id-1")
	for _, want := range []string{"Steve", "admin", "a flag", "pvp", "wins 3"} {
		if !strings.Contains(text, want) {
			t.Errorf("get prints\n%swithout %q", text, want)
		}
	}

	if r := runSyncer(t, environ, "player", "get", "Alex"); r.code != exitFailed || !strings.Contains(r.errs, "Alex") {
		t.Errorf("get of nobody: %+v", r)
	}
	if p := decode[syncer.Player](t, environ, "player", "set", "Alex", "--create"); p.ID != "Alex" || p.Rank != syncer.DefaultRank {
		t.Errorf("made %+v", p)
	}
	execute(t, url, `insert into player (uuid, name) values ('id-2', 'Steve')`)
	if r := runSyncer(t, environ, "player", "get", "Steve"); r.code != exitUsage || !strings.Contains(r.errs, "2 players are called") {
		t.Errorf("get of an ambiguous name: %+v", r)
	}
	if found := decode[[]syncer.PlayerSummary](t, environ, "player", "find", "TEV"); len(found) != 2 {
		t.Errorf("found %+v", found)
	}
}

func TestPlayerSetRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url, `insert into player (uuid) values ('Steve')`)
	for _, args := range [][]string{
		{},
		{"--rank", ""},
		{"--mute", "tomorrow"},
		{"--mute", "2001-01-01T00:00:00Z"},
		{"--mute", "1h", "--unmute"},
		{"--attributes", "[]"},
		{"--attributes", "null"},
		{"--chat-strictness", "loose"},
		{"--add-flag", "x", "--remove-flag", "x"},
	} {
		if r := runSyncer(t, environ, append([]string{"player", "set", "Steve"}, args...)...); r.code != exitUsage {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

func TestHistoryIsAddedToAndRemovedFrom(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url, `insert into player (uuid) values ('Steve')`,
		`insert into player_history (uuid, action, by, time) values ('Steve', 'muted', 'Notch', '2020-01-02 03:04:05Z')`)
	history := decode[[]syncer.HistoryEntry](t, environ, "player", "history", "Steve", "--add", "kicked", "--by", "Notch")
	if len(history) != 2 || history[0].Action != "muted" || history[1].Action != "kicked" || history[1].By != "Notch" {
		t.Fatalf("after adding: %+v", history)
	}
	if text := succeed(t, environ, "player", "history", "Steve"); !strings.Contains(text, "1   2020-01-02 03:04:05  Notch  muted") {
		t.Errorf("for people:\n%s", text)
	}
	history = decode[[]syncer.HistoryEntry](t, environ, "player", "history", "Steve", "--remove", "1")
	if len(history) != 1 || history[0].Action != "kicked" {
		t.Errorf("after removing: %+v", history)
	}
	if r := runSyncer(t, environ, "player", "history", "Steve", "--remove", "2"); r.code != exitUsage {
		t.Errorf("removing what is not there: %+v", r)
	}
}

func TestRejectedUSIDIsListedAndApprovedOnce(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	if text := succeed(t, environ, "player", "rejected-usids"); !strings.Contains(text, "nobody") {
		t.Errorf("for people: %q", text)
	}
	execute(t, url, `insert into player (uuid, name, rank) values ('id-1', 'Steve', 'mod')`,
		`insert into usid_rejection (code, uuid, address, usid) values ('01234-2', 'id-1', '203.0.113.1:6567', 'proof'), ('01234-2', 'id-1', '203.0.113.1:6568', 'other')`)
	text := succeed(t, environ, "player", "rejected-usids")
	if !strings.Contains(text, "01234-2") || !strings.Contains(text, "Steve   mod   203.0.113.1:6567") || strings.Contains(text, "proof") {
		t.Errorf("for people:\n%s", text)
	}
	for code, args := range map[int][]string{exitUsage: {"01234-2"}, exitFailed: {"unknown"}} {
		if r := runSyncer(t, environ, append([]string{"player", "approve-usid"}, args...)...); r.code != code || r.errs == "" {
			t.Errorf("%q: %+v", args, r)
		}
	}
	approved := decode[mindustry.RejectedUSID](t, environ, "player", "approve-usid", "01234-2", "--address", "203.0.113.1:6567")
	if approved.ID != "id-1" || approved.Address != "203.0.113.1:6567" {
		t.Errorf("approved %+v", approved)
	}
	if r := runSyncer(t, environ, "player", "approve-usid", "01234-2", "--address", "203.0.113.1:6567"); r.code != exitFailed || !strings.Contains(r.errs, "approved already") {
		t.Errorf("approving again: %+v", r)
	}
	if left := decode[[]mindustry.RejectedUSID](t, environ, "player", "rejected-usids"); len(left) != 1 || left[0].Address != "203.0.113.1:6568" {
		t.Errorf("left are %+v", left)
	}
	if text := succeed(t, environ, "player", "approve-usid", "01234-2"); !strings.Contains(text, "01234-2 is Steve (id-1) on 203.0.113.1:6568") {
		t.Errorf("for people: %q", text)
	}
}

func TestTextOfPlayersCannotDriveTheTerminal(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url, `insert into player (uuid, name) values ('Steve', E'\x1b[2Jgone\tfield\nline')`)
	for _, args := range [][]string{{"player", "get", "Steve"}, {"player", "find", "gone"}} {
		out := succeed(t, environ, args...)
		if strings.ContainsAny(out, "\x1b\t") || strings.Contains(out, "\nline") {
			t.Errorf("%v prints %q", args, out)
		}
	}
}

func TestWatchShowsChangesUntilInterrupted(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	people, programs := start(t, environ, "watch"), start(t, environ, "watch", "--json", "--only", "ban")
	chat := start(t, environ, "watch", "--json", "--only", "chat")
	people.line(t, "watching")
	chat.line(t, "watching")
	programs.line(t, "watching")

	execute(t, url, `insert into player (uuid, name) values ('id-1', 'Steve')`)
	people.line(t, "Steve (id-1)")
	execute(t, url, `update player set rank = 'admin'`)
	people.line(t, "rank player → admin")
	execute(t, url, `delete from player`)
	people.line(t, "id-1 deleted")

	execute(t, url, `insert into ban (ip) values ('203.0.113.7')`)
	people.line(t, "203.0.113.7 banned")
	var line watchJSON
	if err := json.Unmarshal([]byte(programs.line(t, "203.0.113.7")), &line); err != nil || line.Type != changefeed.EventBan || !*line.Banned {
		t.Errorf("as JSON: %+v, %v", line, err)
	}
	execute(t, url, `insert into staff_message (server, name, text) values ('pvp', 'Steve', 'who is on?')`)
	people.line(t, "Steve@pvp: who is on?")
	var said watchJSON
	if err := json.Unmarshal([]byte(chat.line(t, "who is on?")), &said); err != nil || said.Message == nil || said.Message.Name != "Steve" || said.Message.ID == 0 {
		t.Errorf("as JSON: %+v, %v", said, err)
	}
	execute(t, url, `truncate ban`)
	people.line(t, "resync")

	for _, p := range []*process{people, programs, chat} {
		p.signal(t, interrupt)
		if status := p.ended(t); status.ExitStatus() != exitDone {
			t.Errorf("ended with %v", status)
		}
	}
	for _, line := range programs.printed() {
		if strings.Contains(line, `"player"`) {
			t.Errorf("--only ban shows %s", line)
		}
	}
}
