package wire

import "playersync/syncer"

// NewStaffMessage is a message to the staff of all servers.
type NewStaffMessage struct {
	Server  string                `json:"server" maxLength:"64" example:"discord" doc:"From where: a name that is no server's gamemode reaches all servers."`
	Name    string                `json:"name,omitempty" maxLength:"512" example:"Steve" doc:"Who, without colour tags."`
	Player  string                `json:"player,omitempty" maxLength:"512" doc:"Who, with colour tags; absent: like name."`
	Text    string                `json:"text" maxLength:"4000" example:"who is on pvp?" doc:"What."`
	IsStaff syncer.Optional[bool] `json:"isStaff,omitzero" doc:"Whether the sender is a moderator; absent: true."`
}

// Message returns the message.
func (m NewStaffMessage) Message() (syncer.StaffMessage, error) {
	message := syncer.StaffMessage{
		Server: m.Server, Name: m.Name, Player: m.Player, Text: m.Text, IsStaff: m.IsStaff.Or(true),
	}
	return message, message.Validate()
}

// StaffMessage is one message of the staff chat.
type StaffMessage struct {
	ID      int64       `json:"id" example:"12" doc:"Number; higher is later."`
	SentAt  syncer.Time `json:"sentAt" example:"2030-01-02T03:04:05.000Z" doc:"When."`
	Server  string      `json:"server" example:"discord" doc:"From where: a server's gamemode, or another name."`
	Name    string      `json:"name" example:"Steve" doc:"Who, without colour tags."`
	Player  string      `json:"player" doc:"Who, as shown in the game; empty: like name."`
	IsStaff bool        `json:"isStaff" example:"true" doc:"Whether the sender is a moderator."`
	Text    string      `json:"text" example:"who is on pvp?" doc:"What."`
	Line    string      `json:"line" example:"[discord] Steve: who is on pvp?" doc:"The whole message as shown in the game."`
}

// StaffMessageOf returns the message.
func StaffMessageOf(m syncer.StaffMessage) StaffMessage {
	return StaffMessage{
		ID: m.Number, SentAt: m.SentAt, Server: m.Server, Name: m.Name, Player: m.Player, IsStaff: m.IsStaff,
		Text: m.Text, Line: m.Line(),
	}
}

// StaffMessagesOf returns the messages, never nil.
func StaffMessagesOf(messages []syncer.StaffMessage) []StaffMessage {
	list := make([]StaffMessage, len(messages))
	for i, m := range messages {
		list[i] = StaffMessageOf(m)
	}
	return list
}

// StaffMessagesPage is one page of the staff chat.
type StaffMessagesPage struct {
	Messages []StaffMessage `json:"messages" doc:"The messages, oldest first."`
	Next     string         `json:"next" example:"12" doc:"The next page's after. Asking again with it later gives what was sent since."`
}
