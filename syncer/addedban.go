package syncer

// BanOutcome is what became of a request to ban.
type BanOutcome string

// The outcomes.
const (
	BanMade     BanOutcome = "made"     // a new ban
	BanStands   BanOutcome = "stands"   // a ban stood already and is as it was
	BanReplaced BanOutcome = "replaced" // a ban stood already and has the reason and end that were asked for
)

// AddedBan is the outcome of a request to ban, and what to know of it.
type AddedBan struct {
	Ban     Ban // that stands now
	Outcome BanOutcome
	Known   bool        // whether a player has the id; true for an address
	Reach   *BanPreview // whom it keeps out and where they are; nil: that could not be read
}

// IdentifiedTarget is whom a target means.
type IdentifiedTarget struct {
	Target Target
	Known  bool // whether a player has the id; true for an address
}

// LiftedBan is the outcome of a request to lift the ban of a target.
type LiftedBan struct {
	Target Target // that was meant
	Known  bool   // whether a player has the id; true for an address
	Lifted bool   // whether a ban stood and was lifted: Ban
	Ban    Ban    // of a number that is over: that one
	Still  []Ban  // in force that keep it out nevertheless: of ranges around it, of addresses of the player
}
