package wire

import (
	"time"

	"playersync/syncer"
)

// Kick counts that a player was kicked: it has no fields.
type Kick struct{}

// PlayerInfo is what is known of a player's visits.
type PlayerInfo struct {
	UUID      syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Player id."`
	Name      string          `json:"name" example:"[accent]Steve" doc:"The current name."`
	Joins     int64           `json:"joins" example:"12" doc:"Times joined, on all servers."`
	Kicks     int64           `json:"kicks" example:"1" doc:"Times kicked, from all servers."`
	FirstSeen syncer.Time     `json:"firstSeen" example:"2029-12-24T18:00:00.000Z" doc:"When first seen; null: never, since this is noted."`
	LastSeen  syncer.Time     `json:"lastSeen" example:"2030-01-02T03:04:05.000Z" doc:"When last seen: joining, leaving or kicked."`
	Names     []SeenName      `json:"names" doc:"Names, the one used last first."`
	Addresses []SeenAddress   `json:"addresses" doc:"Addresses, the one used last first."`
	Servers   []ServerInfo    `json:"servers" doc:"The same by server, the one visited last first."`
	Bans      []Ban           `json:"bans" doc:"Bans in force that keep the player out: of the id, of the address used last, and of ranges that contain it."`
}

// ServerInfo is what one server knows of a player's visits.
type ServerInfo struct {
	Server    string        `json:"server" example:"survival-1" doc:"Name of the game server."`
	Joins     int64         `json:"joins" example:"12" doc:"Times joined."`
	Kicks     int64         `json:"kicks" example:"1" doc:"Times kicked."`
	FirstSeen syncer.Time   `json:"firstSeen" example:"2029-12-24T18:00:00.000Z" doc:"When first seen."`
	LastSeen  syncer.Time   `json:"lastSeen" example:"2030-01-02T03:04:05.000Z" doc:"When last seen."`
	Names     []SeenName    `json:"names" doc:"Names, the one used last first."`
	Addresses []SeenAddress `json:"addresses" doc:"Addresses, the one used last first."`
}

// SeenName is a name that a player joined under.
type SeenName struct {
	Name      string      `json:"name" example:"[accent]Steve" doc:"The name, colour tags included."`
	Times     int64       `json:"times" example:"12" doc:"How often the player joined under it."`
	FirstSeen syncer.Time `json:"firstSeen" example:"2029-12-24T18:00:00.000Z" doc:"When first."`
	LastSeen  syncer.Time `json:"lastSeen" example:"2030-01-02T03:04:05.000Z" doc:"When last."`
}

// SeenAddress is an address that a player joined from.
type SeenAddress struct {
	IP        string      `json:"ip" example:"203.0.113.7" doc:"The address."`
	Times     int64       `json:"times" example:"12" doc:"How often the player joined from it."`
	FirstSeen syncer.Time `json:"firstSeen" example:"2029-12-24T18:00:00.000Z" doc:"When first."`
	LastSeen  syncer.Time `json:"lastSeen" example:"2030-01-02T03:04:05.000Z" doc:"When last."`
}

// PlayerInfoOf returns the info as it is at the given time of the database's clock.
func PlayerInfoOf(info syncer.PlayerInfo, now time.Time) PlayerInfo {
	out := PlayerInfo{
		UUID: info.ID, Name: info.Name, Joins: info.Joins, Kicks: info.Kicks, FirstSeen: info.First,
		LastSeen: info.Last,
		Names:    namesOf(info.Names), Addresses: addressesOf(info.Addresses),
		Servers: make([]ServerInfo, len(info.Servers)), Bans: BansOf(info.Bans, now),
	}
	for i, s := range info.Servers {
		out.Servers[i] = ServerInfo{
			Server: s.Server, Joins: s.Joins, Kicks: s.Kicks, FirstSeen: s.First, LastSeen: s.Last,
			Names: namesOf(s.Names), Addresses: addressesOf(s.Addresses),
		}
	}
	return out
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

// InfoPage is one page of a search by a name or an address.
type InfoPage struct {
	Players []InfoMatch `json:"players" doc:"The players found."`
	Next    *string     `json:"next" doc:"The next page's after; null: this is the last."`
}

// InfoMatch is a player found by a name or an address.
type InfoMatch struct {
	UUID      syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Player id."`
	Name      string          `json:"name" example:"[accent]Steve" doc:"The current name."`
	Matched   []string        `json:"matched" example:"203.0.113.7" doc:"Up to eight of the names or addresses that match, the one used last first."`
	MatchedAt syncer.Time     `json:"matchedAt" example:"2030-01-02T03:04:05.000Z" doc:"When the player last joined with one of them."`
	Joins     int64           `json:"joins" example:"12" doc:"Times joined, on all servers."`
	Kicks     int64           `json:"kicks" example:"1" doc:"Times kicked, from all servers."`
	FirstSeen syncer.Time     `json:"firstSeen" example:"2029-12-24T18:00:00.000Z" doc:"When first seen."`
	LastSeen  syncer.Time     `json:"lastSeen" example:"2030-01-02T03:04:05.000Z" doc:"When last seen."`
}

// InfoPageOf returns the page behind which the next one begins at next, "" for none.
func InfoPageOf(matches []syncer.InfoMatch, next string) InfoPage {
	page := InfoPage{Players: make([]InfoMatch, len(matches)), Next: Next(next)}
	for i, m := range matches {
		page.Players[i] = InfoMatch{
			UUID: m.ID, Name: m.Name, Matched: append([]string{}, m.Matched...), MatchedAt: m.At,
			Joins: m.Joins, Kicks: m.Kicks, FirstSeen: m.First, LastSeen: m.Last,
		}
	}
	return page
}

// AccountsPage is one page of accounts that share an address with a player.
type AccountsPage struct {
	Accounts []SharingAccount `json:"accounts" doc:"The accounts."`
	Next     *string          `json:"next" doc:"The next page's after; null: this is the last."`
}

// SharingAccount is a player who joined from addresses that another joined from.
type SharingAccount struct {
	UUID      syncer.PlayerID `json:"uuid" example:"zyxwvutsrqponmlkjihgfe==" doc:"Player id."`
	Name      string          `json:"name" example:"Alice" doc:"The current name."`
	Shared    int64           `json:"shared" example:"1" doc:"How many addresses both joined from."`
	LastSeen  syncer.Time     `json:"lastSeen" example:"2030-01-02T03:04:05.000Z" doc:"When this account last joined from one of them."`
	Banned    bool            `json:"banned" example:"true" doc:"Whether this account is banned, by its id."`
	Addresses []SharedAddress `json:"addresses" doc:"Up to 32 of them, the one this account used last first."`
}

// SharedAddress is one of the addresses.
type SharedAddress struct {
	IP       string `json:"ip" example:"203.0.113.7" doc:"The address."`
	Times    int64  `json:"times" example:"3" doc:"How often this account joined from it."`
	OwnTimes int64  `json:"ownTimes" example:"12" doc:"How often the player asked about did."`
}

// AccountsPageOf returns the page behind which the next one begins at next, "" for none.
func AccountsPageOf(accounts []syncer.SharingAccount, next string) AccountsPage {
	page := AccountsPage{Accounts: make([]SharingAccount, len(accounts)), Next: Next(next)}
	for i, a := range accounts {
		page.Accounts[i] = SharingAccount{
			UUID: a.ID, Name: a.Name, Shared: a.Shared, LastSeen: a.Last, Banned: a.Banned,
			Addresses: make([]SharedAddress, len(a.Addresses)),
		}
		for n, shared := range a.Addresses {
			page.Accounts[i].Addresses[n] = SharedAddress(shared)
		}
	}
	return page
}
