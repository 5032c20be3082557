package syncer

// BanKind is what a ban forbids.
type BanKind string

// The kinds of bans.
const (
	BanOfPlayer  BanKind = "player"
	BanOfAddress BanKind = "address"
	BanOfRange   BanKind = "range"
)

// BanKinds are all kinds, for messages and schemas.
var BanKinds = []BanKind{BanOfPlayer, BanOfAddress, BanOfRange}

// ParseBanKind reads a kind, or returns an [Error].
func ParseBanKind(text string) (BanKind, error) {
	for _, kind := range BanKinds {
		if text == string(kind) {
			return kind, nil
		}
	}
	return "", Invalid("kind", "must be player, address or range, is %q", text)
}

// BanFilter selects bans; zero fields select all.
type BanFilter struct {
	ID          PlayerID
	Meets       PlayerID // bans of this player's id, addresses, and ranges around them; not with ID or IP
	IP          string   // address or range: bans that overlap it
	By          string
	LiftedBy    string
	Active      *bool // in force now, or not
	CreatedFrom Time
	CreatedTo   Time   // before it
	Reason      string // contained in the reason, whatever the case
	Kind        BanKind
}
