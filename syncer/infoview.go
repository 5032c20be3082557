package syncer

// SeenName is a name that a player joined under.
type SeenName struct {
	Name      string `json:"name" doc:"The name, colour tags included."`
	Times     int64  `json:"times" doc:"How often the player joined under it."`
	FirstSeen Time   `json:"firstSeen" doc:"When first."`
	LastSeen  Time   `json:"lastSeen" doc:"When last."`
}

// SeenAddress is an address that a player joined from.
type SeenAddress struct {
	IP        string `json:"ip" doc:"The address."`
	Times     int64  `json:"times" doc:"How often the player joined from it."`
	FirstSeen Time   `json:"firstSeen" doc:"When first."`
	LastSeen  Time   `json:"lastSeen" doc:"When last."`
}

// InfoView is a [PlayerInfo] as the API and the command line write it.
type InfoView struct {
	UUID      PlayerID      `json:"uuid" doc:"Player id."`
	Name      string        `json:"name" doc:"The current name."`
	Joins     int64         `json:"joins" doc:"Times joined, on all servers."`
	Kicks     int64         `json:"kicks" doc:"Times kicked, from all servers."`
	FirstSeen Time          `json:"firstSeen" doc:"When first seen; null: never, since this is noted."`
	LastSeen  Time          `json:"lastSeen" doc:"When last seen: joining, leaving or kicked."`
	Names     []SeenName    `json:"names" nullable:"false" doc:"Names, the one used last first."`
	Addresses []SeenAddress `json:"addresses" nullable:"false" doc:"Addresses, the one used last first."`
	Servers   []ServerInfo  `json:"servers" nullable:"false" doc:"The same by server, the one visited last first."`
}

// ServerInfo is what one server knows of a player, as they write it.
type ServerInfo struct {
	Server    string        `json:"server" doc:"Name of the game server."`
	Joins     int64         `json:"joins" doc:"Times joined."`
	Kicks     int64         `json:"kicks" doc:"Times kicked."`
	FirstSeen Time          `json:"firstSeen" doc:"When first seen."`
	LastSeen  Time          `json:"lastSeen" doc:"When last seen."`
	Names     []SeenName    `json:"names" nullable:"false" doc:"Names, the one used last first."`
	Addresses []SeenAddress `json:"addresses" nullable:"false" doc:"Addresses, the one used last first."`
}

// View returns the info as the API and the command line write it.
func (info PlayerInfo) View() InfoView {
	view := InfoView{
		UUID: info.ID, Name: info.Name, Joins: info.Joins, Kicks: info.Kicks, FirstSeen: info.First, LastSeen: info.Last,
		Names: namesOf(info.Names), Addresses: addressesOf(info.Addresses), Servers: make([]ServerInfo, len(info.Servers)),
	}
	for i, s := range info.Servers {
		view.Servers[i] = ServerInfo{
			Server: s.Server, Joins: s.Joins, Kicks: s.Kicks, FirstSeen: s.First, LastSeen: s.Last,
			Names: namesOf(s.Names), Addresses: addressesOf(s.Addresses),
		}
	}
	return view
}

func namesOf(seen []Seen) []SeenName {
	names := make([]SeenName, len(seen))
	for i, s := range seen {
		names[i] = SeenName{Name: s.Value, Times: s.Times, FirstSeen: s.First, LastSeen: s.Last}
	}
	return names
}

func addressesOf(seen []Seen) []SeenAddress {
	addresses := make([]SeenAddress, len(seen))
	for i, s := range seen {
		addresses[i] = SeenAddress{IP: s.Value, Times: s.Times, FirstSeen: s.First, LastSeen: s.Last}
	}
	return addresses
}
