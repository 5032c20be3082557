package syncer

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
)

// AuditField is what changed: a field in the API's words, or one of the following.
type AuditField string

// Fields that are none of the API's.
const (
	AuditRow    AuditField = "row"    // all of it came or went
	AuditTable  AuditField = "table"  // all rows went at once
	AuditLift   AuditField = "lift"   // of a ban: {at, by, reason}, none while it is open
	AuditUSID   AuditField = "usid"   // of a player: game servers' addresses, and no usid
	AuditKick   AuditField = "kick"   // of a player: the reason of a request to kick him
	AuditPruned AuditField = "pruned" // of the audit: {before, keep, changes}, what it forgot
)

// AuditFields are all that the audit knows: players', bans' and its own.
var AuditFields = []AuditField{
	AuditRow, AuditTable, "rank", "flags", "unmuteTime", "muteReason", "unmarkTime", "attributes",
	AuditUSID, AuditKick, "target", "reason", "by", "createdAt", "expiresAt", AuditLift, AuditPruned,
}

// AuditEntry is one change of an important field of a player, or of a ban; or it says that
// changes were forgotten.
type AuditEntry struct {
	Number  int64 // higher is later, except for changes at the same moment
	At      Time
	Entity  Entity // [EntityPlayer], [EntityBan] or [EntityAudit]
	Target  Target // the player, or what is banned; zero for a table and the audit
	Ban     int64  // number of the ban; 0 for a player
	Field   AuditField
	Old     json.RawMessage // nil: none. Of attributes only the keys that changed
	New     json.RawMessage // nil: none
	By      string          // the person, "" if nobody was named
	Server  string          // the game server through which it came, "" for none
	Role    string          // the database login that wrote it
	Reverts int64           // number of the change that this one takes back; 0: none
}

// AuditFilter says which changes to list; zero fields do not matter.
type AuditFilter struct {
	ID     PlayerID     // of this player, and of the bans of its id
	Prefix netip.Prefix // of bans of addresses and ranges that overlap it; not with ID
	Field  AuditField
	By     string // by this person or, where none was named, this database login
	Server string
	Since  Time // not before
	Until  Time // before
}

// Validate returns an [Error] naming the first field that nothing can match.
func (f AuditFilter) Validate() error {
	if f.ID != "" && f.Prefix.IsValid() {
		return Invalid("ip", "give either uuid or ip, not both")
	}
	if f.Field != "" && !slices.Contains(AuditFields, f.Field) {
		fields := make([]string, len(AuditFields))
		for i, field := range AuditFields {
			fields[i] = string(field)
		}
		return Invalid("field", "%q is none of %s", f.Field, strings.Join(fields, ", "))
	}
	if err := CheckAuthor("by", f.By); err != nil {
		return err
	}
	if err := CheckText("server", f.Server, MaxIdentifierLength); err != nil {
		return err
	}
	since, begins := f.Since.Instant()
	if until, ends := f.Until.Instant(); begins && ends && !since.Before(until) {
		return Invalid("to", "must be later than from")
	}
	return nil
}

// auditTimes are members of audited values that are times.
var auditTimes = []string{"unmuteTime", "unmarkTime", "createdAt", "expiresAt", "at", "before"}

// AuditValue returns a value as the database keeps it in the form of the API: times
// in milliseconds.
func AuditValue(field AuditField, value json.RawMessage) json.RawMessage {
	if slices.Contains(auditTimes, string(field)) {
		var at Time
		if value == nil || json.Unmarshal(value, &at) != nil {
			return value
		}
		return []byte(`"` + at.String() + `"`)
	}
	if !slices.Contains([]AuditField{AuditRow, AuditLift, AuditPruned}, field) {
		return value
	}
	var members map[AuditField]json.RawMessage
	if value == nil || json.Unmarshal(value, &members) != nil {
		return value
	}
	for name, member := range members {
		if !bytes.Equal(member, []byte("null")) {
			members[name] = AuditValue(name, member)
		}
	}
	written, err := json.Marshal(members)
	if err != nil {
		return value
	}
	return written
}
