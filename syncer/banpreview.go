package syncer

// BanPreview is whom a ban would keep out, as far as is known: the player, or the
// players who joined from the address or range before.
type BanPreview struct {
	Target  Target
	Count   int64        // of all players seen from there
	Online  int64        // how many of them are on a server now, wherever they joined it from
	Players []SeenPlayer // some of them, the one seen last first
	Bans    []Ban        // in force that overlap it, newest first, at most MaxPreviewBans
}

// MaxPreviewBans is how many bans a preview shows.
const MaxPreviewBans = 100

// SeenPlayer is a player whom a ban would keep out: joins and addresses are those that
// it covers.
type SeenPlayer struct {
	ID        PlayerID
	Name      string
	Times     int64
	LastSeen  Time
	Addresses int64
	Latest    []string
	Servers   []string
}
