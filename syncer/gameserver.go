package syncer

import (
	"net"
	"strconv"
)

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
	if err := CheckName(prefix+"address", s.Address); err != nil {
		return err
	}
	if !IsServerAddress(s.Address) {
		return Invalid(prefix+"address", "%q is not address:port, for example 203.0.113.7:6567", s.Address)
	}
	return nil
}

// IsServerAddress reports whether a text is the address or name of a host, and a port.
func IsServerAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	number, errNumber := strconv.ParseUint(port, 10, 16)
	return err == nil && errNumber == nil && number > 0 && IsHost(host)
}

// CheckServerName returns an [Error] at field unless the chat can know a server by
// that name.
func CheckServerName(field, name string) error { return CheckName(field, name) }
