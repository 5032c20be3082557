package syncer

import (
	"net/netip"
	"strings"
	"time"
)

// Target is what a ban forbids: one player id, or one address or CIDR range.
// Exactly one of the two is set. Targets are comparable with ==.
type Target struct {
	ID     PlayerID
	Prefix netip.Prefix // masked; a single address has full length
}

// TargetID returns the target for a player id.
func TargetID(id PlayerID) Target { return Target{ID: id} }

// TargetAddress returns the target for one address: unmapped and without zone.
func TargetAddress(address netip.Addr) Target {
	address = address.Unmap().WithZone("")
	return Target{Prefix: netip.PrefixFrom(address, address.BitLen())}
}

// ParseTarget builds a target from the API's fields uuid and ip, of which exactly
// one must be non-empty, or returns an [Error] naming the field at fault. What looks
// like an address or a mistyped UUID is no uuid; a leading "uuid:" says that it is one.
func ParseTarget(uuid, ip string) (Target, error) {
	return parseTarget(uuid, ip, checkID)
}

// ParseRecordedTarget is [ParseTarget] of what other programs wrote: there a uuid is no
// name, so that the name of a host is refused.
func ParseRecordedTarget(uuid, ip string) (Target, error) {
	return parseTarget(uuid, ip, CheckBannedID)
}

func parseTarget(uuid, ip string, check func(uuid string) error) (Target, error) {
	switch {
	case uuid != "" && ip != "":
		return Target{}, Invalid("ip", "give either uuid or ip, not both")
	case uuid != "":
		meant, err := unlessMeant(uuid, check)
		if err != nil {
			return Target{}, err
		}
		id, err := ParsePlayerID(meant)
		return TargetID(id), err
	case ip != "":
		prefix, err := ParsePrefix(ip)
		return Target{Prefix: prefix}, err
	default:
		return Target{}, Invalid("uuid", "give a uuid or an ip")
	}
}

// ReadTarget reads a target as a person writes it: an address or range if the text
// looks like one, else a player id. A leading "uuid:" or "ip:" leaves no doubt.
func ReadTarget(text string) (Target, error) {
	ip, isAddress := strings.CutPrefix(text, "ip:")
	switch {
	case text == "":
		return Target{}, Invalid("uuid", "must not be empty")
	case isAddress, !IsMeantID(text) && looksLikeAddress(text):
		return ParseTarget("", ip)
	default:
		return ParseTarget(text, "")
	}
}

// Text returns the target as [ReadTarget] and, for an id, [ParseTarget] read it.
func (t Target) Text() string {
	if id := string(t.ID); IsMeantID(id) || strings.HasPrefix(id, "ip:") || CheckBannedID(id) != nil {
		return meantID + id
	}
	return t.String()
}

// RecordedText is [Target.Text] for a record, where nobody is there to ask: uuid: is in
// front also of an id that could be a name.
func (t Target) RecordedText() string {
	if t.ID != "" && !t.ID.HasForm() {
		return meantID + string(t.ID)
	}
	return t.String()
}

// Key returns the text by which the change feed names the target:
// "uuid:" and the id, or "ip:" and the address or range with its length.
func (t Target) Key() string {
	if t.ID != "" {
		return "uuid:" + string(t.ID)
	}
	return "ip:" + t.Prefix.String()
}

// ParseTargetKey reads what [Target.Key] writes.
func ParseTargetKey(key string) (Target, error) {
	if id, ok := strings.CutPrefix(key, "uuid:"); ok && id != "" {
		return TargetID(PlayerID(id)), nil
	}
	if ip, ok := strings.CutPrefix(key, "ip:"); ok {
		prefix, err := ParsePrefix(ip)
		return Target{Prefix: prefix}, err
	}
	return Target{}, Invalid("key", "%q names no ban", key)
}

// IP returns the address, without a length where it is a single one, or "" for a
// player id.
func (t Target) IP() string {
	switch {
	case t.ID != "":
		return ""
	case t.Prefix.IsSingleIP():
		return t.Prefix.Addr().String()
	default:
		return t.Prefix.String()
	}
}

// Fields returns the target as the API's fields uuid and ip, one of them nil.
func (t Target) Fields() (uuid *PlayerID, ip *string) {
	if t.ID != "" {
		return &t.ID, nil
	}
	return nil, new(t.IP())
}

// String returns the id or the address.
func (t Target) String() string {
	if t.ID != "" {
		return string(t.ID)
	}
	return t.IP()
}

// Ban is one row of the ban table, open or lifted. Bans never spread: a player id
// rejected for its address is not banned by that.
type Ban struct {
	Number     int64 // the row's id
	Target     Target
	Reason     string
	By         string
	CreatedAt  Time
	ExpiresAt  Time // none: until lifted
	LiftedAt   Time // none: still open
	LiftedBy   string
	LiftReason string
	Revision   int64 // higher is newer; 0: not read from the database
}

// Applies reports whether the ban forbids joining at the given time of the
// database's clock.
func (b Ban) Applies(now time.Time) bool {
	return b.LiftedAt.IsZero() && (b.ExpiresAt.IsZero() || b.ExpiresAt.After(now))
}

// ActiveBan is what the servers hold of one open ban: enough to reject a join.
type ActiveBan struct {
	Target    Target
	ExpiresAt Time  // none: until lifted
	Revision  int64 // drawn from the same sequence as the players'
}

// Applies reports whether the ban forbids joining at the given time of the
// database's clock.
func (s ActiveBan) Applies(now time.Time) bool {
	return s.ExpiresAt.IsZero() || s.ExpiresAt.After(now)
}
