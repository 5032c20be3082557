package syncer

// AuditView is one change of an important field of a player, or of a ban, as the API and
// the command line show it.
type AuditView struct {
	ID      int64     `json:"id" doc:"Number; higher is later."`
	At      Time      `json:"at" doc:"When."`
	Entity  string    `json:"entity" enum:"player,ban" doc:"What was changed."`
	UUID    *PlayerID `json:"uuid" doc:"The player, or the banned player id."`
	IP      *string   `json:"ip" doc:"The banned address or range."`
	Ban     *int64    `json:"ban" doc:"Number of the ban; null for a player."`
	Field   string    `json:"field" doc:"Which field. row: all of it came or went; table: all rows went at once; lift: a ban was lifted or opened again."`
	Old     any       `json:"old" doc:"The value before; null: none. Of attributes only the keys that changed."`
	New     any       `json:"new" doc:"The value after; null: none."`
	By      *string   `json:"by" doc:"The person, if one was named."`
	Server  *string   `json:"server" doc:"The game server through which it came; null: not through a sidecar."`
	Role    string    `json:"role" doc:"The database login that wrote it."`
	Reverts *int64    `json:"reverts" doc:"Number of the change that this one takes back."`
}

// View returns the change as it is shown.
func (e AuditEntry) View() AuditView {
	view := AuditView{
		ID: e.Number, At: e.At, Entity: string(e.Entity), Field: string(e.Field), Role: e.Role,
		Ban: filled(e.Ban), By: filled(e.By), Server: filled(e.Server), Reverts: filled(e.Reverts),
	}
	if e.Target != (Target{}) {
		view.UUID, view.IP = e.Target.Fields()
	}
	if e.Old != nil {
		view.Old = e.Old
	}
	if e.New != nil {
		view.New = e.New
	}
	return view
}

// filled returns nil for the zero value.
func filled[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}
