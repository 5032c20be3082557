package mindustry

import (
	"unicode"

	"playersync/syncer"
)

// maxAddressText bounds an address as a game server writes it, in characters.
const maxAddressText = 255

// BlacklistRow says whether the address that a [changefeed.Change] names is blacklisted.
// Read from the table it names the address itself.
type BlacklistRow struct {
	Address  string
	Listed   bool
	Revision int64
}

// BlacklistedAddress is an address from which the game servers accept no connections.
type BlacklistedAddress struct {
	Address string // letter for letter as it was given
	AddedAt syncer.Time
	AddedBy string // the game server or person
}

// CheckBlacklisted returns an [syncer.Error] at field unless the text can be kept as an
// address. It need not be one: what a server writes comes back letter for letter.
func CheckBlacklisted(field, address string) error {
	if address == "" {
		return syncer.Invalid(field, "must not be empty")
	}
	for _, r := range address {
		if unicode.IsControl(r) {
			return syncer.Invalid(field, "must not hold control characters")
		}
	}
	return syncer.CheckText(field, address, maxAddressText)
}
