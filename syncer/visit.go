package syncer

import (
	"net/netip"
	"slices"
)

// How many names and addresses are kept of each player and server: those seen last.
const (
	MaxKnownNames     = 64
	MaxKnownAddresses = 256
)

// Visit counts what happened to a player on a server: times joined under a name and
// from an address, times kicked, or merely that the player was there. It adds to
// what is known and so must be stored exactly once.
type Visit struct {
	Server string     `json:"server"`         // [GameServer].Name
	Name   string     `json:"name,omitempty"` // "": not said
	IP     netip.Addr `json:"ip,omitzero"`    // zero: not said
	Joins  int64      `json:"joins,omitempty"`
	Kicks  int64      `json:"kicks,omitempty"`
	First  Time       `json:"first"` // the span of all that
	Last   Time       `json:"last"`
}

// Seen is a name or an address of a player, with how often the player joined with
// it, and when first and last.
type Seen struct {
	Value string
	Times int64
	First Time
	Last  Time
}

// Visits is what one server, or all of them together, know of a player. Lists are
// in the order of the last time, newest first.
type Visits struct {
	Joins     int64
	Kicks     int64
	First     Time // zero: never seen
	Last      Time
	Names     []Seen
	Addresses []Seen
}

// ServerVisits is what one server knows.
type ServerVisits struct {
	Server string
	Visits
}

// PlayerInfo is what is known of a player's visits: together and by server, the one
// of the latest visit first. The counts go back to when this was first noted, the
// names and addresses to the limits [MaxKnownNames] and [MaxKnownAddresses].
type PlayerInfo struct {
	ID   PlayerID
	Name string // the current one
	Visits
	Servers []ServerVisits
	Bans    []Ban // in force of the id, and of the latest address with every range that contains it
}

// LatestAddress returns the address that the player used last, the zero value for none.
func (i PlayerInfo) LatestAddress() netip.Addr {
	if len(i.Addresses) == 0 {
		return netip.Addr{}
	}
	address, _ := netip.ParseAddr(i.Addresses[0].Value) // which is one, since it was seen
	return address
}

// NewPlayerInfo returns the info with what the servers know added up.
func NewPlayerInfo(id PlayerID, name string, servers []ServerVisits) PlayerInfo {
	info := PlayerInfo{ID: id, Name: name, Servers: servers}
	for _, s := range servers {
		info.Joins += s.Joins
		info.Kicks += s.Kicks
		info.First = Earliest(info.First, s.First)
		info.Last = Latest(info.Last, s.Last)
		info.Names = unite(info.Names, s.Names)
		info.Addresses = unite(info.Addresses, s.Addresses)
	}
	sortSeen(info.Names)
	sortSeen(info.Addresses)
	slices.SortStableFunc(info.Servers, func(a, b ServerVisits) int { return newestFirst(a.Last, b.Last) })
	return info
}

// unite adds what one server saw to what the others did.
func unite(all, seen []Seen) []Seen {
	for _, s := range seen {
		i := slices.IndexFunc(all, func(known Seen) bool { return known.Value == s.Value })
		if i < 0 {
			all = append(all, s)
			continue
		}
		all[i].Times += s.Times
		all[i].First = Earliest(all[i].First, s.First)
		all[i].Last = Latest(all[i].Last, s.Last)
	}
	return all
}

func sortSeen(seen []Seen) {
	slices.SortStableFunc(seen, func(a, b Seen) int { return newestFirst(a.Last, b.Last) })
}

func newestFirst(a, b Time) int {
	one, _ := a.Instant()
	other, _ := b.Instant()
	return other.Compare(one)
}

// InfoMatch is a player found by a name or an address, with the counts of all
// servers together.
type InfoMatch struct {
	ID      PlayerID
	Name    string
	Matched []string
	At      Time
	Joins   int64
	Kicks   int64
	First   Time
	Last    Time
}

// SharingAccount is a player who joined from addresses that another joined from.
type SharingAccount struct {
	ID        PlayerID
	Name      string
	Shared    int64
	Last      Time
	Banned    bool // by id
	Addresses []SharedAddress
}

// SharedAddress is one of the addresses.
type SharedAddress struct {
	IP       string
	Times    int64
	OwnTimes int64
}
