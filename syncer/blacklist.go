package syncer

import "unicode"

// maxAddressText bounds an address as a game server writes it, in characters.
const maxAddressText = 255

// BlacklistRow says whether the address that a [Change] names is blacklisted.
// Read from the table it names the address itself.
type BlacklistRow struct {
	Address  string
	Listed   bool
	Revision int64
}

func (*BlacklistRow) row() {}

// CheckBlacklisted returns an [Error] at field unless the text can be kept as an
// address. It need not be one: what a server writes comes back letter for letter.
func CheckBlacklisted(field, address string) error {
	if address == "" {
		return Invalid(field, "must not be empty")
	}
	for _, r := range address {
		if unicode.IsControl(r) {
			return Invalid(field, "must not hold control characters")
		}
	}
	return checkText(field, address, maxAddressText)
}
