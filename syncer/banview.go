package syncer

import "time"

// BanView is a ban at one moment, as the API and the command line write it.
type BanView struct {
	ID         int64     `json:"id" doc:"Number of the ban. While the database is out of reach a verdict has 0 here, and no reason, author and creation time."`
	UUID       *PlayerID `json:"uuid" doc:"The banned player id; null for an address."`
	IP         *string   `json:"ip" doc:"The banned address or CIDR range; null for a player id."`
	Reason     string    `json:"reason" doc:"Why, empty if not said."`
	By         string    `json:"by" doc:"Who banned, empty if not said."`
	CreatedAt  Time      `json:"createdAt" doc:"Since when."`
	ExpiresAt  Time      `json:"expiresAt" doc:"When it ends by itself; null: when it is lifted."`
	LiftedAt   Time      `json:"liftedAt" doc:"When it was lifted; null: it was not."`
	LiftedBy   string    `json:"liftedBy" doc:"Who lifted it."`
	LiftReason string    `json:"liftReason" doc:"Why it was lifted."`
	Active     bool      `json:"active" doc:"Whether it forbids joining now."`
}

// View returns the ban as it is at the given time of the database's clock.
func (b Ban) View(now time.Time) BanView {
	uuid, ip := b.Target.Fields()
	return BanView{
		ID: b.Number, UUID: uuid, IP: ip, Reason: b.Reason, By: b.By, CreatedAt: b.CreatedAt, ExpiresAt: b.ExpiresAt,
		LiftedAt: b.LiftedAt, LiftedBy: b.LiftedBy, LiftReason: b.LiftReason, Active: b.Applies(now),
	}
}

// ViewBans returns the views of several bans, never nil.
func ViewBans(bans []Ban, now time.Time) []BanView {
	views := make([]BanView, len(bans))
	for i, b := range bans {
		views[i] = b.View(now)
	}
	return views
}
