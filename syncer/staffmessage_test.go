package syncer_test

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"playersync/syncer"
)

func TestStaffMessageLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		m    syncer.StaffMessage
		want string
	}{
		{
			syncer.StaffMessage{Server: "pvp", Name: "Steve", Player: "[red]Steve", IsStaff: true, Text: "hi"},
			"[gray]<[cyan]staff[gray]@[accent]pvp[gray]>[white] [red]Steve[white]: hi",
		},
		{
			syncer.StaffMessage{Server: "[x", Name: "[Steve]", Text: "a\nb\r\tc\u2028d"},
			"[gray]<[cyan]player[gray]@[accent][[x[gray]>[white] [[Steve][white]: a b  c d",
		},
	} {
		if got := test.m.Line(); got != test.want {
			t.Errorf("line of %+v is\n%s, want\n%s", test.m, got, test.want)
		}
	}
	message := syncer.StaffMessage{Server: "pvp", Player: "[red]Steve", Text: "a\nb"}
	if got := message.Plain(); got != "[pvp] [red]Steve: a b" {
		t.Errorf("plain %q", got)
	}
}

// Messages are separated by line breaks, so none may hold one.
func TestStaffMessageIsOneLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		m := syncer.StaffMessage{
			Server: text.Draw(t, "server"), Name: text.Draw(t, "name"), Player: text.Draw(t, "player"),
			Text: text.Draw(t, "text"),
		}
		if strings.ContainsFunc(m.Line()+m.Plain(), unicode.IsControl) {
			t.Fatalf("line %q", m.Line())
		}
	})
}

func TestStaffMessageIsForAllButTheSender(t *testing.T) {
	t.Parallel()
	m := syncer.StaffMessage{Server: "pvp"}
	if m.IsFor("pvp") || !m.IsFor("attack") {
		t.Error("without echo")
	}
	if m.Echo = true; !m.IsFor("pvp") || !m.IsFor("attack") {
		t.Error("with echo")
	}
}
