package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
)

func TestStaffMessages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var page wire.StaffMessagesPage
	f.ask(t, "GET", "/v1/staff-messages", "").wants(http.StatusOK).into(&page)
	if page.Messages == nil || len(page.Messages) != 0 || page.Next != "0" {
		t.Errorf("an empty chat is %+v", page)
	}
	var sent wire.StaffMessage
	f.ask(t, "POST", "/v1/staff-messages", `{"server":"discord","name":"St[e]ve","text":"hi","isStaff":false}`).
		wants(http.StatusCreated).into(&sent)
	if want := "[gray]<[cyan]player[gray]@[accent]discord[gray]>[white] St[[e]ve[white]: hi"; sent.ID != 1 ||
		sent.Line != want || sent.SentAt.IsZero() {
		t.Errorf("sent %+v, want line %s", sent, want)
	}
	f.ask(t, "POST", "/v1/staff-messages", `{"server":"discord","text":"there"}`).wants(http.StatusCreated)
	f.ask(t, "GET", "/v1/staff-messages?limit=1", "").wants(http.StatusOK).into(&page)
	f.ask(t, "GET", "/v1/staff-messages?after="+page.Next, "").wants(http.StatusOK).into(&page)
	if len(page.Messages) != 1 || page.Messages[0].Text != "there" || !page.Messages[0].IsStaff || page.Next != "2" {
		t.Errorf("the second page is %+v", page)
	}
	for body, field := range map[string]string{
		`{"text":"x"}`:                    "server",
		`{"server":"a"}`:                  "text",
		`{"server":"a","text":" "}`:       "text",
		`{"server":"a","text":"a\u0000"}`: "text",
		`{"server":"a","text":"` + strings.Repeat("a", 4001) + `"}`: "text",
		`{"server":"a\n","text":"x"}`:                               "server",
		`{"server":"a","text":"x","name":1}`:                        "name",
		`{"server":"a","text":"x","player":null}`:                   "player",
		`{"server":"a","text":"x","isStaff":"yes"}`:                 "isStaff",
		`{"server":"a","text":"x","echo":true}`:                     "echo",
		`[]`:                                                        "body",
	} {
		f.ask(t, "POST", "/v1/staff-messages", body).problem(http.StatusUnprocessableEntity).names(t, field)
	}
	for _, query := range []string{"after=-1", "after=x", "limit=0", "limit=501", "x=1"} {
		name, _, _ := strings.Cut(query, "=")
		f.ask(t, "GET", "/v1/staff-messages?"+query, "").problem(http.StatusBadRequest).names(t, name)
	}
	if len(f.messages) != 2 {
		t.Errorf("stored %+v", f.messages)
	}
}

func TestChatEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	from := f.events.LastID()
	f.events.Publish(changefeed.Event{
		Type: changefeed.EventChat, Message: &syncer.StaffMessage{Number: 7, Server: "pvp", Name: "Steve", Text: "hi"},
	})
	f.publishBan("banned")
	var got []struct {
		Type string
		Data wire.StaffMessage
	}
	f.ask(t, "GET", "/v1/events?wait=1s&types=chat&after="+from, "").wants(http.StatusOK).into(&got)
	if len(got) != 1 || got[0].Type != "chat" || got[0].Data.ID != 7 || got[0].Data.Text != "hi" ||
		got[0].Data.Line == "" {
		t.Errorf("got %+v", got)
	}
}
