package syncer

import (
	"strings"
	"unicode"
)

// Limits of a [StaffMessage], in characters.
const (
	MaxStaffText = 4000
	maxStaffName = 512
)

// StaffMessage is one message of the chat between the staff of all servers.
type StaffMessage struct {
	Number  int64  `json:"id"` // higher: committed later
	SentAt  Time   `json:"sent_at"`
	Server  string `json:"server"`   // the sender's gamemode, or for example "discord"
	Name    string `json:"name"`     // the sender without colour tags
	Player  string `json:"player"`   // the sender as the game shows it; empty: like Name
	IsStaff bool   `json:"is_staff"` // whether the sender is a moderator
	Text    string `json:"text"`

	// Echo says that the sender's own server gets the message too, because it has
	// not shown it yet.
	Echo bool `json:"echo"`
}

// ChatMark says how far the chat is known, and when it was found to end earlier
// than before: restored from a backup, for example.
type ChatMark struct {
	Last    int64 // number of the last message, 0 for none
	Rewinds int   // how often the end moved back
	Base    int64 // where to, the last time
}

// Validate returns an [Error] naming the first field that cannot be stored.
func (m StaffMessage) Validate() error {
	if err := CheckServerName("server", m.Server); err != nil {
		return err
	}
	if err := CheckText("name", m.Name, maxStaffName); err != nil {
		return err
	}
	if err := CheckText("player", m.Player, maxStaffName); err != nil {
		return err
	}
	if strings.TrimSpace(m.Text) == "" {
		return Invalid("text", "must not be empty")
	}
	return CheckText("text", m.Text, MaxStaffText)
}

// IsFor reports whether a server of the gamemode is to be given the message.
func (m StaffMessage) IsFor(gamemode string) bool { return m.Echo || m.Server != gamemode }

// Line is the message as Mindustry shows it, in one line:
//
//	[gray]<[cyan]staff[gray]@[accent]pvp[gray]>[white] NAME[white]: TEXT
//
// with "player" for a sender who is no moderator. The name keeps its own colour tags, and
// the text those its author typed; the server's name has none. Whatever would
// break the line is a space instead.
func (m StaffMessage) Line() string {
	role, name := "player", m.Player
	if m.IsStaff {
		role = "staff"
	}
	if name == "" {
		name = escapeMarkup(m.Name)
	}
	sender := "[gray]<[cyan]" + role + "[gray]@[accent]" + escapeMarkup(m.Server) + "[gray]>[white] " + name
	return oneLine(sender + "[white]: " + m.Text)
}

// Plain is the message without the game's markup, for other places.
func (m StaffMessage) Plain() string {
	name := m.Name
	if name == "" {
		name = m.Player
	}
	return oneLine("[" + m.Server + "] " + name + ": " + m.Text)
}

// escapeMarkup writes brackets so that Mindustry shows them.
func escapeMarkup(text string) string { return strings.ReplaceAll(text, "[", "[[") }

// oneLine replaces line breaks and control characters by spaces.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}
