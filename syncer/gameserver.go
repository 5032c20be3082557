package syncer

// GameServer is one server of the network; each request comes from exactly one. Two
// servers may share a gamemode, and a server may change its gamemode. Neither changes
// what is stored by address.
type GameServer struct {
	Name     string `json:"name"`     // unique in the network
	Gamemode string `json:"gamemode"` // indexes counters and join times
	Address  string `json:"address"`  // "ip:port" players connect to; indexes usids
}

// Validate returns an [Error] naming the first bad field under prefix, e.g. "server.".
func (s GameServer) Validate(prefix string) error {
	if err := CheckName(prefix+"name", s.Name); err != nil {
		return err
	}
	if err := CheckName(prefix+"gamemode", s.Gamemode); err != nil {
		return err
	}
	return CheckName(prefix+"address", s.Address)
}

// CheckServerName returns an [Error] at field unless the chat can know a server by
// that name.
func CheckServerName(field, name string) error { return CheckName(field, name) }
