package wire

import (
	"fmt"

	"playersync/syncer/mindustry"
)

import "playersync/syncer"

// NewBlacklisted asks to blacklist addresses.
type NewBlacklisted struct {
	Addresses []string `json:"addresses" maxItems:"10000" example:"198.51.100.7" doc:"The addresses, of 1 to 255 printable characters each. They are kept letter for letter."`
	By        string   `json:"by,omitempty" maxLength:"512" example:"Alice" doc:"Who adds them; absent: what Syncer-By says, else the asking server."`
}

// Checked returns the addresses, or an error that names the first that cannot be kept.
func (n NewBlacklisted) Checked() ([]string, error) {
	for i, address := range n.Addresses {
		if err := mindustry.CheckBlacklisted(fmt.Sprintf("addresses[%d]", i), address); err != nil {
			return nil, err
		}
	}
	return n.Addresses, nil
}

// BlacklistedAddress is an address from which the game servers accept no connections.
type BlacklistedAddress struct {
	Address string      `json:"address" example:"198.51.100.7" doc:"The address, as it was given."`
	AddedAt syncer.Time `json:"addedAt" example:"2030-01-02T03:04:05.000Z" doc:"Since when."`
	AddedBy string      `json:"addedBy" example:"Alice" doc:"The game server or person that added it."`
}

// BlacklistPage is one page of the blacklist.
type BlacklistPage struct {
	Addresses []BlacklistedAddress `json:"addresses" doc:"The addresses, in the order of their bytes."`
	Next      *string              `json:"next" doc:"The next page's after; null: this is the last."`
}

// BlacklistedOf returns the addresses, never nil.
func BlacklistedOf(addresses []mindustry.BlacklistedAddress) []BlacklistedAddress {
	out := make([]BlacklistedAddress, len(addresses))
	for i, a := range addresses {
		out[i] = BlacklistedAddress{a.Address, a.AddedAt, a.AddedBy}
	}
	return out
}

// BlacklistPageOf returns a page of up to size addresses, of which one more was asked for.
func BlacklistPageOf(addresses []mindustry.BlacklistedAddress, size int) BlacklistPage {
	page := BlacklistPage{Addresses: BlacklistedOf(addresses)}
	if len(addresses) > size {
		page.Addresses = page.Addresses[:size]
		page.Next = &page.Addresses[size-1].Address
	}
	return page
}

// BlacklistEvent is the data of an event of type blacklist.
type BlacklistEvent struct {
	Address string `json:"address" example:"198.51.100.7" doc:"The address."`
	Listed  bool   `json:"listed" example:"true" doc:"Whether it is blacklisted now."`
}
