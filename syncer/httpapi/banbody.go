package httpapi

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
)

// banBody collects the fields that the bodies about bans share.
type banBody struct {
	uuid, ip   string
	by, reason string
	expiresAt  syncer.Time
	duration   time.Duration
}

// banField reads one field of such a body.
type banField func(m member, into *banBody)

var banFields = map[string]banField{
	"uuid":      func(m member, into *banBody) { into.uuid = m.filled() },
	"ip":        func(m member, into *banBody) { into.ip = m.filled() },
	"by":        func(m member, into *banBody) { into.by, _ = m.text() },
	"reason":    func(m member, into *banBody) { into.reason, _ = m.text() },
	"expiresAt": func(m member, into *banBody) { into.expiresAt, _ = m.time() },
	"duration":  readDuration,
}

// decodeBanBody reads the allowed fields; null says as much as absent.
func decodeBanBody(v value, allowed ...string) banBody {
	var body banBody
	members, _ := v.members()
	for _, m := range members {
		switch {
		case !slices.Contains(allowed, m.name):
			m.unknown(allowed...)
		case !m.null():
			banFields[m.name](m, &body)
		}
	}
	return body
}

// filled reads a text that is not empty.
func (v value) filled() string {
	text, ok := v.text()
	if ok && text == "" {
		v.fault("must not be empty; leave it out")
	}
	return text
}

func readDuration(m member, into *banBody) {
	text, ok := m.text()
	if !ok {
		return
	}
	duration, err := syncer.ParseDuration(text)
	if err != nil {
		m.fault("%s", err)
	}
	into.duration = duration
}

// decodeNewBan reads the body that bans.
func decodeNewBan(v value, now time.Time) syncer.NewBan {
	body := decodeBanBody(v, "uuid", "ip", "reason", "by", "expiresAt", "duration")
	if len(*v.faults) > 0 {
		return syncer.NewBan{}
	}
	ban := syncer.NewBan{Target: v.target(body), Reason: body.reason, By: body.by}
	switch {
	case body.duration != 0 && !body.expiresAt.IsZero():
		v.faultAt("duration", "says the same as expiresAt; give one of them")
	case body.duration != 0:
		ban.ExpiresAt = syncer.Millis(now.UnixMilli() + body.duration.Milliseconds())
	case !body.expiresAt.IsForever():
		ban.ExpiresAt = body.expiresAt
	}
	if !ban.ExpiresAt.IsZero() && !ban.ExpiresAt.After(now) {
		v.faultAt("expiresAt", "has passed; the database's clock says %s", syncer.TimeOf(now))
	}
	return ban
}

// target returns what the body's uuid or ip names.
func (v value) target(body banBody) syncer.Target {
	target, err := syncer.ParseTarget(body.uuid, body.ip)
	v.note(err)
	return target
}

// note takes over a fault that the domain found in one of the value's members.
func (v value) note(err error) {
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		v.faultAt(e.Field, "%s", e.Message)
	}
}

// liftRequest is the body that lifts a ban.
type liftRequest struct {
	target     syncer.Target
	by, reason string
}

func decodeLift(v value) liftRequest {
	body := decodeBanBody(v, "uuid", "ip", "by", "reason")
	if len(*v.faults) > 0 {
		return liftRequest{}
	}
	v.note(syncer.CheckLift(body.by, body.reason))
	return liftRequest{target: v.target(body), by: body.by, reason: body.reason}
}

// banQuestion is the body that asks whether someone may join.
type banQuestion struct {
	id      syncer.PlayerID // "" if not asked about
	address netip.Addr      // invalid if not asked about
}

func decodeBanQuestion(v value) banQuestion {
	body := decodeBanBody(v, "uuid", "ip")
	var question banQuestion
	if len(*v.faults) > 0 {
		return question
	}
	if body.uuid == "" && body.ip == "" {
		v.faultAt("uuid", "give a uuid, an ip or both")
		return question
	}
	var err error
	if body.uuid != "" {
		question.id, err = syncer.ParsePlayerID(body.uuid)
		v.note(err)
	}
	if body.ip != "" {
		question.address, err = syncer.ParseAddress(body.ip)
		v.note(err)
	}
	return question
}

var banFieldSchemas = map[string]func() *huma.Schema{
	"uuid": func() *huma.Schema { return nullableText("Player id.", exampleID, 64) },
	"ip": func() *huma.Schema {
		return nullableText("Address or CIDR range, IPv4 or IPv6.", "198.51.100.0/24", 64)
	},
	"by":     func() *huma.Schema { return nullableText("Who does it.", "Steve", 512) },
	"reason": func() *huma.Schema { return nullableText("Why.", "griefing", syncer.MaxReasonLength) },
	"expiresAt": func() *huma.Schema {
		return timeSchema("When the ban ends by itself; absent, null or infinity: when it is lifted.")
	},
	"duration": func() *huma.Schema {
		return nullableText("Instead of expiresAt: weeks to seconds as 1w2d3h4m5s, or ISO 8601 without months and years.", "7d", 64)
	},
}

// banSchema documents a body about bans with the given fields.
func banSchema(doc string, names ...string) *huma.Schema {
	properties := map[string]*huma.Schema{}
	for _, name := range names {
		properties[name] = banFieldSchemas[name]()
	}
	return objectSchema(doc, properties)
}
