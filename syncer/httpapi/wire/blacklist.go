package wire

import (
	"errors"
	"fmt"

	"playersync/syncer"
	"playersync/syncer/mindustry"
)

// NewBlacklisted asks to blacklist addresses.
type NewBlacklisted struct {
	Addresses []string `json:"addresses" maxItems:"10000" example:"198.51.100.7" doc:"The addresses, of 1 to 255 printable characters each. They are kept letter for letter; what looks like an address and is none is refused."`
	By        string   `json:"by,omitempty" maxLength:"512" example:"Alice" doc:"Who adds them; absent: what Syncer-By says, else the asking server."`
}

// Checked returns the addresses, or an error that names the first that cannot be kept, or
// that is meant as an address and is none.
func (n NewBlacklisted) Checked() ([]string, error) {
	for i, address := range n.Addresses {
		field := fmt.Sprintf("addresses[%d]", i)
		if err := mindustry.CheckBlacklisted(field, address); err != nil {
			return nil, err
		}
		if err := checkMeantAddress(address); err != nil {
			return nil, syncer.InField(field, err)
		}
	}
	return n.Addresses, nil
}

// checkMeantAddress refuses what looks like an address and is none, or a range of them: no
// game server has it for the address of a player.
func checkMeantAddress(text string) error {
	target, err := syncer.ReadTarget(text)
	refusal, refused := errors.AsType[*syncer.Error](err)
	switch {
	case refused && refusal.Field == "ip":
		return err
	case !refused && target.ID == "" && !target.Prefix.IsSingleIP():
		return syncer.Invalid("ip", "%q is a range of addresses, not one address; ban it, or list each", text)
	default:
		return nil // such as <unknown>
	}
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
