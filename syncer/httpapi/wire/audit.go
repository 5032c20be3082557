package wire

import "playersync/syncer"

// AuditEntry is one change of an important field of a player, or of a ban; or it says that
// changes were forgotten.
type AuditEntry struct {
	ID      int64            `json:"id" example:"18" doc:"Number; higher is later."`
	At      syncer.Time      `json:"at" example:"2030-01-02T03:04:05.000Z" doc:"When."`
	Entity  string           `json:"entity" enum:"player,ban,audit" doc:"What was changed."`
	UUID    *syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"The player, or the banned player id."`
	IP      *string          `json:"ip" doc:"The banned address or range."`
	Ban     *int64           `json:"ban" doc:"Number of the ban; null for what is no ban."`
	Field   string           `json:"field" example:"rank" doc:"Which field. row: all of it came or went; table: all rows went at once; lift: a ban was lifted or opened again; usid: it was replaced; pruned: the audit forgot changes."`
	Old     any              `json:"old" example:"\"admin\"" doc:"The value before; null: none. Of attributes only the keys that changed, of usid the addresses of the servers that it was for."`
	New     any              `json:"new" example:"\"player\"" doc:"The value after; null: none. Of usid those servers that have another one, of pruned how many changes were forgotten, and before when they were made."`
	By      *string          `json:"by" example:"Steve" doc:"The person, if one was named."`
	Server  *string          `json:"server" example:"survival-1" doc:"The game server through which it came; null: not through a sidecar."`
	Role    string           `json:"role" example:"syncer" doc:"The database login that wrote it."`
	Reverts *int64           `json:"reverts" example:"17" doc:"Number of the change that this one takes back."`
}

// AuditEntryOf returns the change.
func AuditEntryOf(e syncer.AuditEntry) AuditEntry {
	out := AuditEntry{
		ID: e.Number, At: e.At, Entity: string(e.Entity), Field: string(e.Field), Role: e.Role,
		Ban: Filled(e.Ban), By: Filled(e.By), Server: Filled(e.Server), Reverts: Filled(e.Reverts),
	}
	if e.Target != (syncer.Target{}) {
		out.UUID, out.IP = e.Target.Fields()
	}
	if e.Old != nil {
		out.Old = e.Old
	}
	if e.New != nil {
		out.New = e.New
	}
	return out
}

// AuditEntriesOf returns several changes, never nil.
func AuditEntriesOf(entries []syncer.AuditEntry) []AuditEntry {
	out := make([]AuditEntry, len(entries))
	for i, e := range entries {
		out[i] = AuditEntryOf(e)
	}
	return out
}

// AuditPage is one page of the audit.
type AuditPage struct {
	Entries []AuditEntry `json:"entries" doc:"The changes, newest first."`
	Next    *string      `json:"next" doc:"The next page's after; null: this is the last."`
}

// Revert says for whom and why a change is taken back.
type Revert struct {
	By     *string `json:"by,omitzero" maxLength:"512" example:"Steve" doc:"For whom; absent: what Syncer-By says."`
	Reason *string `json:"reason,omitzero" maxLength:"2000" example:"a slip" doc:"Why; kept where the revert lifts a ban."`
}

// Attribution returns both, "" for what is not said. Of nil nothing is said.
func (r *Revert) Attribution() (by, reason string) {
	if r == nil {
		return "", ""
	}
	return value(r.By), value(r.Reason)
}
