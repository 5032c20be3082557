package main

import (
	"encoding/json"
	"strings"
	"testing"

	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
)

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
	var line wire.WatchedChange
	if err := json.Unmarshal([]byte(programs.line(t, "203.0.113.7")), &line); err != nil ||
		line.Type != changefeed.EventBan || !*line.Banned {
		t.Errorf("as JSON: %+v, %v", line, err)
	}
	execute(t, url, `insert into staff_message (server, name, text) values ('pvp', 'Steve', 'who is on?')`)
	people.line(t, "Steve@pvp: who is on?")
	var said wire.WatchedChange
	if err := json.Unmarshal([]byte(chat.line(t, "who is on?")), &said); err != nil || said.Message == nil ||
		said.Message.Name != "Steve" || said.Message.ID == 0 {
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

// Whoever follows the staff chat is shown each message once, also those of before.
func TestChatIsFollowedUntilInterrupted(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	say := func(text string) {
		execute(t, url, `insert into staff_message (server, name, text) values ('pvp', 'Steve', '`+text+`')`)
	}
	say("zero")
	say("one")
	p := start(t, environ, "chat", "read", "--limit", "1", "--follow")
	p.line(t, "Steve@pvp: one")
	execute(t, url, `insert into staff_message (server, text) select 'pvp', 'many' from generate_series(1, 50)`)
	say("two")
	p.line(t, "Steve@pvp: two")
	succeed(t, environ, "chat", "send", "three")
	p.line(t, "@console: three")
	p.signal(t, interrupt)
	if status := p.ended(t); status.ExitStatus() != exitDone {
		t.Errorf("ended with %v", status)
	}
	shown := strings.Join(p.printed(), "\n")
	for text, want := range map[string]int{"zero": 0, "one": 1, "many": 50, "two": 1, "three": 1} {
		if n := strings.Count(shown, ": "+text); n != want {
			t.Errorf("%q is shown %d times", text, n)
		}
	}
}
