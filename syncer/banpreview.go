package syncer

// BanPreview is whom a ban of an address or a range would keep out, as far as is
// known: players who joined from there before.
type BanPreview struct {
	Target  Target
	Count   int64        // of all players seen from there
	Online  int64        // how many of them are on a server now, wherever they joined it from
	Players []SeenPlayer // some of them, the one seen last first
	Bans    []Ban        // in force that overlap it, newest first, at most MaxPreviewBans
}

// MaxPreviewBans is how many bans a preview shows.
const MaxPreviewBans = 100

// SeenPlayer is a player who joined from an address or a range.
type SeenPlayer struct {
	ID        PlayerID
	Name      string
	Times     int64
	LastSeen  Time
	Addresses int64
	Latest    []string
	Servers   []string
}
