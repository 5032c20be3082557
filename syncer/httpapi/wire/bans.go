package wire

import (
	"errors"
	"net/netip"
	"time"

	"playersync/syncer"
)

// Ban is one ban, open or lifted, at one moment.
type Ban struct {
	ID         int64            `json:"id" example:"7" doc:"Number of the ban. While the database is out of reach a verdict has 0 here, and no reason, author and creation time."`
	UUID       *syncer.PlayerID `json:"uuid" doc:"The banned player id; null for an address."`
	IP         *string          `json:"ip" example:"198.51.100.0/24" doc:"The banned address or CIDR range; null for a player id."`
	Reason     string           `json:"reason" example:"griefing" doc:"Why, empty if not said."`
	By         Person           `json:"by" nullable:"true" example:"Steve" doc:"Who banned; null if nobody was named."`
	CreatedAt  syncer.Time      `json:"createdAt" example:"2030-01-02T03:04:05.000Z" doc:"Since when."`
	ExpiresAt  syncer.Time      `json:"expiresAt" example:"2030-01-09T03:04:05.000Z" doc:"When it ends by itself; null: when it is lifted."`
	LiftedAt   syncer.Time      `json:"liftedAt" doc:"When it was lifted; null: it was not."`
	LiftedBy   Person           `json:"liftedBy" nullable:"true" doc:"Who lifted it; null if nobody was named or it was not lifted."`
	LiftReason string           `json:"liftReason" doc:"Why it was lifted."`
	Active     bool             `json:"active" example:"true" doc:"Whether it forbids joining now."`
}

// BanOf returns the ban as it is at the given time of the database's clock.
func BanOf(b syncer.Ban, now time.Time) Ban {
	uuid, ip := b.Target.Fields()
	return Ban{
		ID: b.Number, UUID: uuid, IP: ip, Reason: b.Reason, By: Person(b.By), CreatedAt: b.CreatedAt,
		ExpiresAt: b.ExpiresAt, LiftedAt: b.LiftedAt, LiftedBy: Person(b.LiftedBy), LiftReason: b.LiftReason,
		Active: b.Applies(now),
	}
}

// BansOf returns several bans, never nil.
func BansOf(bans []syncer.Ban, now time.Time) []Ban {
	out := make([]Ban, len(bans))
	for i, b := range bans {
		out[i] = BanOf(b, now)
	}
	return out
}

// BansPage is one page of bans.
type BansPage struct {
	Bans []Ban   `json:"bans" doc:"The bans, newest first."`
	Next *string `json:"next" doc:"The next page's after; null: this is the last."`
}

// NewBan asks to ban a player id, an address or a range. Null says as much as absent.
type NewBan struct {
	UUID      *string     `json:"uuid,omitzero" minLength:"1" maxLength:"69" doc:"Player id, with uuid: in front if it looks like something else, or, where nobody has that id, the name of one player. Either this or ip."`
	IP        *string     `json:"ip,omitzero" minLength:"1" maxLength:"64" example:"198.51.100.0/24" doc:"Address or CIDR range, IPv4 or IPv6."`
	Reason    *string     `json:"reason,omitzero" maxLength:"2000" example:"griefing" doc:"Why."`
	By        *string     `json:"by,omitzero" maxLength:"512" example:"Steve" doc:"Who does it; absent: what Syncer-By says."`
	ExpiresAt syncer.Time `json:"expiresAt,omitzero" doc:"When the ban ends by itself; absent, null or infinity: when it is lifted."`
	Replace   bool        `json:"replace,omitempty" example:"true" doc:"Whether a ban that stands already gets this reason and end; else it stays as it is."`
	Confirm   bool        `json:"confirm,omitempty" example:"true" doc:"Whether a range wider than /8 (IPv6: /32), or an address or range that more than 100 known players joined from, is meant; else it is refused as unconfirmed."`
	Duration  *Duration   `json:"duration,omitzero" maxLength:"64" example:"7d" doc:"Instead of expiresAt: 1y2mo3w4d5h6m7s, a month of 30 and a year of 365 days, or ISO 8601 without months and years."`
}

// Ban returns what is asked for, now by the database's clock.
func (b NewBan) Ban(now time.Time) (syncer.NewBan, error) {
	target, err := targetOf(b.UUID, b.IP)
	if err != nil {
		return syncer.NewBan{}, err
	}
	return b.Of(target, now)
}

// Of is [NewBan.Ban] of another target.
func (b NewBan) Of(target syncer.Target, now time.Time) (syncer.NewBan, error) {
	end, err := endOf(b.ExpiresAt, b.Duration, now)
	if end.IsForever() {
		end = syncer.Time{}
	}
	return syncer.NewBan{
		Target: target, MeantID: syncer.IsMeantID(value(b.UUID)), Reason: value(b.Reason), By: value(b.By),
		ExpiresAt: end, Replace: b.Replace, Confirmed: b.Confirm,
	}, err
}

// endOf returns when something ends that begins now; it must be told in one way at most.
func endOf(expiresAt syncer.Time, duration *Duration, now time.Time) (syncer.Time, error) {
	switch {
	case duration != nil && !expiresAt.IsZero():
		return expiresAt, syncer.Invalid("duration", "says the same as expiresAt; give one of them")
	case duration != nil:
		return duration.after(now), nil
	case expiresAt.IsZero():
		return syncer.Forever, nil
	case !expiresAt.After(now):
		return expiresAt, syncer.Invalid("expiresAt", "has passed; the database's clock says %s", syncer.TimeOf(now))
	default:
		return expiresAt, nil
	}
}

func targetOf(uuid, ip *string) (syncer.Target, error) {
	return syncer.ParseTarget(value(uuid), value(ip))
}

// after returns the end of what begins now.
func (d Duration) after(now time.Time) syncer.Time {
	return syncer.Millis(now.UnixMilli() + time.Duration(d).Milliseconds())
}

// value returns what p points to, or the zero value.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// BanCheck asks whether bans forbid joining: a uuid or a player, an ip, or one of each.
type BanCheck struct {
	UUID   *PlayerID `json:"uuid,omitzero" maxLength:"64" example:"abcdefghijklmnopqrstuv==" doc:"Player id, as the game has it."`
	Player *string   `json:"player,omitzero" minLength:"1" maxLength:"69" doc:"In place of uuid, for people: player id, with uuid: in front if it looks like something else, or, where nobody has that id, the name of one player. The database is asked who that is."`
	IP     *Address  `json:"ip,omitzero" maxLength:"64" example:"198.51.100.7" doc:"Where the player connects from."`
}

// Question returns who is asked about: "" and an invalid address for what is not.
func (c BanCheck) Question() (syncer.PlayerID, netip.Addr, error) {
	id, address := syncer.PlayerID(value(c.UUID)), value(c.IP).Addr
	switch {
	case c.UUID != nil && c.Player != nil:
		return id, address, syncer.Invalid("player", "says the same as uuid; give one of them")
	case c.Player != nil:
		player, err := syncer.ParseTarget(*c.Player, "")
		return player.ID, address, syncer.InField("player", err)
	case id == "" && !address.IsValid():
		return id, address, syncer.Invalid("uuid", "give a uuid, an ip or both")
	}
	return id, address, nil
}

// Checked is the verdict on a [BanCheck].
type Checked struct {
	Banned bool  `json:"banned" example:"true" doc:"Whether any ban forbids joining."`
	Bans   []Ban `json:"bans" doc:"The bans that apply."`
	Known  *bool `json:"known" example:"true" doc:"Whether somebody is meant by player; null: it was not given."`
}

// CheckedOf returns the verdict of the bans that apply, at the given time of the database's clock.
func CheckedOf(bans []syncer.Ban, known *bool, now time.Time) Checked {
	return Checked{Banned: len(bans) > 0, Bans: BansOf(bans, now), Known: known}
}

// CheckedTarget is the verdict as the command line gives it.
type CheckedTarget struct {
	Checked
	Elsewhere []Ban `json:"elsewhere"` // bans in force of addresses that the player joined from, and does not now
}

// BanLift asks to lift the ban of exactly one target.
type BanLift struct {
	UUID   *string `json:"uuid,omitzero" minLength:"1" maxLength:"69" doc:"Player id, with uuid: in front if it looks like something else, or, where nobody has that id, the name of one player. Either this or ip."`
	IP     *string `json:"ip,omitzero" minLength:"1" maxLength:"64" example:"198.51.100.0/24" doc:"Address or CIDR range, IPv4 or IPv6."`
	By     *string `json:"by,omitzero" maxLength:"512" example:"Steve" doc:"Who does it; absent: what Syncer-By says."`
	Reason *string `json:"reason,omitzero" maxLength:"2000" example:"appeal" doc:"Why."`
}

// Lift returns what is asked for.
func (l BanLift) Lift() (target syncer.Target, by, reason string, err error) {
	by, reason = value(l.By), value(l.Reason)
	target, err = targetOf(l.UUID, l.IP)
	return target, by, reason, errors.Join(syncer.CheckLift(by, reason), err)
}

// Lifted is the outcome of a [BanLift].
type Lifted struct {
	Lifted bool  `json:"lifted" example:"true" doc:"Whether a ban stood and was lifted."`
	Ban    *Ban  `json:"ban" doc:"The ban that was lifted; null if none stood."`
	Known  bool  `json:"known" example:"true" doc:"Whether a player has the id; true for an address."`
	Still  []Ban `json:"still" doc:"Bans in force that keep it out nevertheless: of ranges that contain the address or range; of addresses that the player joined from, and of ranges around them."`
}

// LiftedOf returns the outcome as it is at the given time of the database's clock.
func LiftedOf(l syncer.LiftedBan, now time.Time) Lifted {
	out := Lifted{Lifted: l.Lifted, Known: l.Known, Still: BansOf(l.Still, now)}
	if l.Lifted {
		out.Ban = new(BanOf(l.Ban, now))
	}
	return out
}

// LiftedBan is a ban that was lifted, as the command line shows it.
type LiftedBan struct {
	Ban
	Still []Ban `json:"still"` // those that keep its target out still
}

// LiftedBanOf returns the ban as it is at the given time of the database's clock.
func LiftedBanOf(l syncer.LiftedBan, now time.Time) LiftedBan {
	return LiftedBan{BanOf(l.Ban, now), BansOf(l.Still, now)}
}

// BanChange asks to change a ban in force; what is absent stays.
type BanChange struct {
	Reason    syncer.Optional[string]      `json:"reason,omitzero" maxLength:"2000" example:"griefing, again" doc:"Why."`
	ExpiresAt syncer.Optional[syncer.Time] `json:"expiresAt,omitzero" doc:"When the ban ends by itself; null or infinity: when it is lifted."`
	Duration  syncer.Optional[Duration]    `json:"duration,omitzero" maxLength:"64" example:"30d" doc:"Instead of expiresAt, from now: 1y2mo3w4d5h6m7s, a month of 30 and a year of 365 days, or ISO 8601 without months and years; null: until it is lifted."`
	By        *string                      `json:"by,omitzero" maxLength:"512" example:"Steve" doc:"Who does it; absent: what Syncer-By says."`
}

// Change returns what is asked for, now by the database's clock.
func (c BanChange) Change(now time.Time) (syncer.BanChange, error) {
	change := syncer.BanChange{Reason: c.Reason, ExpiresAt: c.ExpiresAt, By: value(c.By)}
	switch {
	case c.Duration.Set && c.ExpiresAt.Set:
		return change, syncer.Invalid("duration", "says the same as expiresAt; give one of them")
	case c.Duration == syncer.Some[Duration](0):
		change.ExpiresAt = syncer.Some(syncer.Time{})
	case c.Duration.Set:
		change.ExpiresAt = syncer.Some(c.Duration.Value.after(now))
	case c.ExpiresAt.Value.IsForever():
		change.ExpiresAt = syncer.Some(syncer.Time{})
	}
	return change, change.Validate(now)
}

// NewBanNote asks to note something on a ban.
type NewBanNote struct {
	Text string `json:"text" maxLength:"4000" example:"uses a second account" doc:"What."`
	By   string `json:"by,omitempty" nullable:"true" maxLength:"512" example:"Steve" doc:"Who; absent: what Syncer-By says."`
}

// Note returns what is asked for.
func (n NewBanNote) Note() (syncer.BanNote, error) {
	note := syncer.BanNote{Text: n.Text, By: n.By}
	return note, note.Validate()
}

// BanNote is what the staff noted on a ban.
type BanNote struct {
	ID   int64       `json:"id" example:"3" doc:"Number of the note."`
	At   syncer.Time `json:"at" example:"2030-01-02T03:04:05.000Z" doc:"When."`
	By   Person      `json:"by" nullable:"true" example:"Steve" doc:"Who; null if nobody was named."`
	Text string      `json:"text" example:"uses a second account" doc:"What."`
}

// BanNoteOf returns the note.
func BanNoteOf(n syncer.BanNote) BanNote {
	return BanNote{ID: n.Number, At: n.At, By: Person(n.By), Text: n.Text}
}

// NotedBan is one ban with its notes.
type NotedBan struct {
	Ban   Ban       `json:"ban" doc:"The ban."`
	Notes []BanNote `json:"notes" doc:"What the staff noted on it, oldest first."`
}

// NotedBanOf returns the ban as it is at the given time of the database's clock.
func NotedBanOf(b syncer.NotedBan, now time.Time) NotedBan {
	out := NotedBan{Ban: BanOf(b.Ban, now), Notes: make([]BanNote, len(b.Notes))}
	for i, note := range b.Notes {
		out.Notes[i] = BanNoteOf(note)
	}
	return out
}

// BanPreview is whom a ban would keep out.
type BanPreview struct {
	UUID    *syncer.PlayerID `json:"uuid" doc:"The player id; null for an address."`
	IP      *string          `json:"ip" example:"198.51.100.0/24" doc:"The address or CIDR range; null for a player id."`
	Known   bool             `json:"known" example:"true" doc:"Whether a player has the id; true for an address."`
	Count   int64            `json:"count" example:"1" doc:"How many players: those seen from there, or the one of the id."`
	Online  int64            `json:"online" example:"1" doc:"How many of them are on a game server now, wherever they joined it from."`
	Players []SeenPlayer     `json:"players" doc:"Those seen last, the latest first."`
	Bans    []Ban            `json:"bans" doc:"Bans in force that overlap it, newest first, at most 100."`
}

// SeenPlayer is a player whom a ban would keep out.
type SeenPlayer struct {
	UUID      syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Player id."`
	Name      string          `json:"name" example:"Steve" doc:"The current name."`
	Times     int64           `json:"times" example:"12" doc:"How often the player joined from there."`
	LastSeen  syncer.Time     `json:"lastSeen" example:"2030-01-02T03:04:05.000Z" doc:"When last."`
	Addresses int64           `json:"addresses" example:"1" doc:"From how many addresses there."`
	Latest    []string        `json:"latest" example:"198.51.100.7" doc:"The latest of them, at most 8."`
	Servers   []string        `json:"servers" example:"survival-1" doc:"The game servers on which the player is now."`
}

// BanPreviewOf returns the preview as it is at the given time of the database's clock.
func BanPreviewOf(p syncer.BanPreview, now time.Time) BanPreview {
	uuid, ip := p.Target.Fields()
	out := BanPreview{
		UUID:    uuid,
		IP:      ip,
		Known:   p.Target.ID == "" || p.Count > 0,
		Count:   p.Count,
		Online:  p.Online,
		Players: make([]SeenPlayer, len(p.Players)),
		Bans:    BansOf(p.Bans, now),
	}
	for i, seen := range p.Players {
		out.Players[i] = SeenPlayer{
			UUID: seen.ID, Name: seen.Name, Times: seen.Times, LastSeen: seen.LastSeen, Addresses: seen.Addresses,
			Latest: append([]string{}, seen.Latest...), Servers: append([]string{}, seen.Servers...),
		}
	}
	return out
}
