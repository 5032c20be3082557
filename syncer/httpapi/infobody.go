package httpapi

import (
	"playersync/syncer"
)

// SeenName is a name that a player joined under.
type SeenName struct {
	Name      string      `json:"name" doc:"The name, colour tags included."`
	Times     int64       `json:"times" doc:"How often the player joined under it."`
	FirstSeen syncer.Time `json:"firstSeen" doc:"When first."`
	LastSeen  syncer.Time `json:"lastSeen" doc:"When last."`
}

// SeenAddress is an address that a player joined from.
type SeenAddress struct {
	IP        string      `json:"ip" doc:"The address."`
	Times     int64       `json:"times" doc:"How often the player joined from it."`
	FirstSeen syncer.Time `json:"firstSeen" doc:"When first."`
	LastSeen  syncer.Time `json:"lastSeen" doc:"When last."`
}

// PlayerInfo is the body of an answer about a player's visits.
type PlayerInfo struct {
	UUID      syncer.PlayerID `json:"uuid" doc:"Player id."`
	Name      string          `json:"name" doc:"The current name."`
	Joins     int64           `json:"joins" doc:"Times joined, on all servers."`
	Kicks     int64           `json:"kicks" doc:"Times kicked, from all servers."`
	FirstSeen syncer.Time     `json:"firstSeen" doc:"When first seen; null: never, since this is noted."`
	LastSeen  syncer.Time     `json:"lastSeen" doc:"When last seen: joining, leaving or kicked."`
	Names     []SeenName      `json:"names" nullable:"false" doc:"Names, the one used last first."`
	Addresses []SeenAddress   `json:"addresses" nullable:"false" doc:"Addresses, the one used last first."`
	Servers   []ServerInfo    `json:"servers" nullable:"false" doc:"The same by server, the one visited last first."`
}

// ServerInfo is what one server knows of a player.
type ServerInfo struct {
	Server    string        `json:"server" doc:"Name of the game server."`
	Joins     int64         `json:"joins" doc:"Times joined."`
	Kicks     int64         `json:"kicks" doc:"Times kicked."`
	FirstSeen syncer.Time   `json:"firstSeen" doc:"When first seen."`
	LastSeen  syncer.Time   `json:"lastSeen" doc:"When last seen."`
	Names     []SeenName    `json:"names" nullable:"false" doc:"Names, the one used last first."`
	Addresses []SeenAddress `json:"addresses" nullable:"false" doc:"Addresses, the one used last first."`
}

// InfoMatch is a player found by a name or an address.
type InfoMatch struct {
	UUID      syncer.PlayerID `json:"uuid" doc:"Player id."`
	Name      string          `json:"name" doc:"The current name."`
	Matched   []string        `json:"matched" nullable:"false" doc:"Up to eight of the names or addresses that match, the one used last first."`
	MatchedAt syncer.Time     `json:"matchedAt" doc:"When the player last joined with one of them."`
	Joins     int64           `json:"joins" doc:"Times joined, on all servers."`
	Kicks     int64           `json:"kicks" doc:"Times kicked, from all servers."`
	FirstSeen syncer.Time     `json:"firstSeen" doc:"When first seen."`
	LastSeen  syncer.Time     `json:"lastSeen" doc:"When last seen."`
}

// InfoPage is the body of a search's answer.
type InfoPage struct {
	Players []InfoMatch `json:"players" nullable:"false" doc:"The players found."`
	Next    *string     `json:"next" doc:"The next page's after; null: this is the last."`
}

// SharedAddress is an address that two players joined from.
type SharedAddress struct {
	IP       string `json:"ip" doc:"The address."`
	Times    int64  `json:"times" doc:"How often this account joined from it."`
	OwnTimes int64  `json:"ownTimes" doc:"How often the player asked about did."`
}

// SharingAccount is a player who shares addresses with another.
type SharingAccount struct {
	UUID      syncer.PlayerID `json:"uuid" doc:"Player id."`
	Name      string          `json:"name" doc:"The current name."`
	Shared    int64           `json:"shared" doc:"How many addresses both joined from."`
	LastSeen  syncer.Time     `json:"lastSeen" doc:"When this account last joined from one of them."`
	Addresses []SharedAddress `json:"addresses" nullable:"false" doc:"Up to 32 of them, the one this account used last first."`
}

// AccountsPage is the body of a listing's answer.
type AccountsPage struct {
	Accounts []SharingAccount `json:"accounts" nullable:"false" doc:"The accounts."`
	Next     *string          `json:"next" doc:"The next page's after; null: this is the last."`
}

func infoOf(info syncer.PlayerInfo) PlayerInfo {
	body := PlayerInfo{
		UUID: info.ID, Name: info.Name, Joins: info.Joins, Kicks: info.Kicks, FirstSeen: info.First, LastSeen: info.Last,
		Names: namesOf(info.Names), Addresses: addressesOf(info.Addresses), Servers: make([]ServerInfo, len(info.Servers)),
	}
	for i, s := range info.Servers {
		body.Servers[i] = ServerInfo{
			Server: s.Server, Joins: s.Joins, Kicks: s.Kicks, FirstSeen: s.First, LastSeen: s.Last,
			Names: namesOf(s.Names), Addresses: addressesOf(s.Addresses),
		}
	}
	return body
}

func namesOf(seen []syncer.Seen) []SeenName {
	names := make([]SeenName, len(seen))
	for i, s := range seen {
		names[i] = SeenName{Name: s.Value, Times: s.Times, FirstSeen: s.First, LastSeen: s.Last}
	}
	return names
}

func addressesOf(seen []syncer.Seen) []SeenAddress {
	addresses := make([]SeenAddress, len(seen))
	for i, s := range seen {
		addresses[i] = SeenAddress{IP: s.Value, Times: s.Times, FirstSeen: s.First, LastSeen: s.Last}
	}
	return addresses
}

func matchesOf(found []syncer.InfoMatch) []InfoMatch {
	matches := make([]InfoMatch, len(found))
	for i, m := range found {
		matches[i] = InfoMatch{
			UUID: m.ID, Name: m.Name, Matched: m.Matched, MatchedAt: m.At,
			Joins: m.Joins, Kicks: m.Kicks, FirstSeen: m.First, LastSeen: m.Last,
		}
	}
	return matches
}

func accountsOf(found []syncer.SharingAccount) []SharingAccount {
	accounts := make([]SharingAccount, len(found))
	for i, a := range found {
		accounts[i] = SharingAccount{UUID: a.ID, Name: a.Name, Shared: a.Shared, LastSeen: a.Last, Addresses: make([]SharedAddress, len(a.Addresses))}
		for k, shared := range a.Addresses {
			accounts[i].Addresses[k] = SharedAddress(shared)
		}
	}
	return accounts
}

func exampleVisits() syncer.PlayerInfo {
	first, _ := syncer.ParseTime("2029-12-24T18:00:00.000Z")
	last, _ := syncer.ParseTime(exampleTime)
	return syncer.NewPlayerInfo(exampleID, "[accent]Steve", []syncer.ServerVisits{{Server: "survival-1", Visits: syncer.Visits{
		Joins: 12, Kicks: 1, First: first, Last: last,
		Names:     []syncer.Seen{{Value: "[accent]Steve", Times: 12, First: first, Last: last}},
		Addresses: []syncer.Seen{{Value: "203.0.113.7", Times: 12, First: first, Last: last}},
	}}})
}

func exampleInfo() PlayerInfo { return infoOf(exampleVisits()) }

func exampleInfoPage() InfoPage {
	info := exampleVisits()
	return InfoPage{Players: matchesOf([]syncer.InfoMatch{{
		ID: info.ID, Name: info.Name, Matched: []string{"203.0.113.7"}, At: info.Last,
		Joins: info.Joins, Kicks: info.Kicks, First: info.First, Last: info.Last,
	}})}
}

func exampleAccounts() AccountsPage {
	return AccountsPage{Accounts: accountsOf([]syncer.SharingAccount{{
		ID: "zyxwvutsrqponmlkjihgfe==", Name: "Alice", Shared: 1, Last: exampleVisits().Last,
		Addresses: []syncer.SharedAddress{{IP: "203.0.113.7", Times: 3, OwnTimes: 12}},
	}})}
}
