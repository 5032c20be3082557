package importer

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry/fishjson"
)

// Names of a ban's fields, in the order in which they are looked for.
var (
	targetFields  = strings.Fields("uuid ip uuids ips")
	authorFields  = strings.Fields("by bannedBy")
	createdFields = strings.Fields("createdAt time")
	expiresFields = strings.Fields("expiresAt expires")
)

// isBan tells a ban from a player, or returns an error if it cannot.
func isBan(o fishjson.Object, kind Kind) (bool, error) {
	if kind != KindAny {
		return kind == KindBans, nil
	}
	for _, name := range append(slices.Clone(sharedFields), unsyncedFields...) {
		if _, found := o[name]; found && name != "name" && name != "history" {
			return false, nil
		}
	}
	_, named := o["name"]
	// With a name it could be a player of whom only the name was exported.
	if !named && slices.ContainsFunc(targetFields, o.Has) {
		return true, nil
	}
	return false, syncer.Invalid("", "is neither a player nor a ban; say by --kind which of them it is")
}

// readBans reads a document of bans. The bans share what it says of them; a target
// that cannot be is refused by itself.
func readBans(
	o fishjson.Object, options Options, unknown func(string), refuse func(error),
) ([]syncer.BanRecord, error) {
	ban, err := readBan(o)
	if err != nil {
		return nil, err
	}
	ban.Confirmed = options.Confirmed
	known := slices.Concat(targetFields, authorFields, createdFields, expiresFields, []string{"reason", "_id", "__v"})
	for name := range o {
		if !slices.Contains(known, name) {
			unknown(name)
		}
	}
	targets, err := readTargets(o, options.Kind)
	if err != nil {
		return nil, err
	}
	var bans []syncer.BanRecord
	for _, t := range targets {
		if t.err == nil {
			ban.Target = t.target
			t.err = ban.Validate()
		}
		if t.err != nil && len(targets) == 1 {
			return nil, t.err
		}
		if t.err != nil {
			refuse(t.err)
			continue
		}
		bans = append(bans, ban)
	}
	return bans, nil
}

// readBan reads all of a ban but its target.
func readBan(o fishjson.Object) (syncer.BanRecord, error) {
	reason, err := o.OptionalText("reason")
	if err != nil {
		return syncer.BanRecord{}, err
	}
	ban := syncer.BanRecord{Reason: reason.Value}
	by, err := o.OptionalText(first(o, authorFields))
	if err != nil {
		return ban, err
	}
	ban.By = by.Value
	if ban.CreatedAt, err = readTime(o, first(o, createdFields)); err != nil {
		return ban, err
	}
	ban.ExpiresAt, err = readTime(o, first(o, expiresFields))
	return ban, err
}

// first returns the first of the names that the object has.
func first(o fishjson.Object, names []string) string {
	for _, name := range names {
		if o.Has(name) {
			return name
		}
	}
	return names[0]
}

// readTime reads milliseconds since 1970.
func readTime(o fishjson.Object, name string) (syncer.Time, error) {
	t, err := o.Until(name)
	return t.Value, err
}

// banTarget is whom a document bans, or why that cannot be.
type banTarget struct {
	target syncer.Target
	err    error
}

// targetOf reads a target of a kind, uuid or ip; field names it in errors.
func targetOf(kind, field, text string) banTarget {
	uuid, ip := text, ""
	if kind == "ip" {
		uuid, ip = "", text
	}
	target, err := syncer.ParseRecordedTarget(uuid, ip)
	return banTarget{target, syncer.InField(field, err)}
}

// readTargets reads whom a document bans: uuid, ip, each of uuids and ips or, if it
// is known to be a ban, _id.
func readTargets(o fishjson.Object, kind Kind) ([]banTarget, error) {
	var targets []banTarget
	for _, kind := range []string{"uuid", "ip"} {
		text, err := o.OptionalText(kind)
		if err != nil {
			return nil, err
		}
		if text.Value != "" && !fishjson.IsNoAddress(text.Value) {
			targets = append(targets, targetOf(kind, kind, text.Value))
		}
		listed, err := readListed(o, kind)
		if err != nil {
			return nil, err
		}
		targets = append(targets, listed...)
	}
	if slices.ContainsFunc(targetFields, o.Has) {
		return targets, nil
	}
	id, err := o.Text("_id")
	if err != nil || kind != KindBans {
		return nil, syncer.Invalid("uuid", "give uuid, ip, uuids or ips")
	}
	if _, err := netip.ParseAddr(id); err == nil {
		return []banTarget{targetOf("ip", "_id", id)}, nil
	}
	return []banTarget{targetOf("uuid", "_id", id)}, nil
}

// readListed reads the list of targets of a kind.
func readListed(o fishjson.Object, kind string) ([]banTarget, error) {
	name := kind + "s"
	list, err := fishjson.Optional[[]json.RawMessage](o, name, "a list of texts")
	if err != nil {
		return nil, err
	}
	var targets []banTarget
	for i, item := range list.Value {
		field := name + "[" + strconv.Itoa(i) + "]"
		text, err := fishjson.Object{field: item}.Text(field)
		switch {
		case err != nil:
			targets = append(targets, banTarget{err: err})
		case !fishjson.IsNoAddress(text):
			targets = append(targets, targetOf(kind, field, text))
		}
	}
	return targets, nil
}

// minecraftTime is how Minecraft writes times in its lists.
const minecraftTime = "2006-01-02 15:04:05 -0700"

// minecraftFields are the members of an entry that are stored.
var minecraftFields = strings.Fields("uuid name ip created source expires reason")

// readMinecraft reads an entry of Minecraft's banned-players.json or banned-ips.json: bans
// of all that it names, and the player with the name, so that the ban is found by it.
func readMinecraft(
	o fishjson.Object, options Options, unknown func(string), warn func(id, field, text string),
) (player merge.ImportedPlayer, bans []syncer.BanRecord, err error) {
	for name := range o {
		if !slices.Contains(minecraftFields, name) {
			unknown(name)
		}
	}
	values := map[string]string{}
	for _, name := range minecraftFields {
		text, err := o.OptionalText(name)
		if err != nil {
			return player, nil, err
		}
		values[name] = text.Value
	}
	ban := syncer.BanRecord{Reason: values["reason"], By: values["source"], Confirmed: options.Confirmed}
	ban.CreatedAt, ban.ExpiresAt = minecraftTimes(values, options.Now, func(field, text string) {
		warn(cmp.Or(values["uuid"], values["ip"]), field, text)
	})
	for _, kind := range []string{"uuid", "ip"} {
		if values[kind] == "" {
			continue
		}
		t := targetOf(kind, kind, values[kind])
		ban.Target = t.target
		switch id := t.target.ID; {
		case t.err != nil:
		case id != "" && !id.HasForm() && !syncer.IsMeantID(values[kind]):
			t.err = syncer.Invalid("uuid", "%q is no UUID, as Minecraft writes it; an id of that text is written %s",
				id, t.target.RecordedText())
		default:
			t.err = minecraftField(ban.Validate())
		}
		if t.err != nil {
			return player, nil, t.err
		}
		bans = append(bans, ban)
	}
	if len(bans) == 0 {
		return player, nil, syncer.Invalid("uuid", "give a uuid or an ip")
	}
	if id := bans[0].Target.ID; id != "" && values["name"] != "" {
		player = merge.ImportedPlayer{ID: id}
		player.Save.Name = syncer.Some(values["name"])
		err = player.Validate()
	}
	return player, bans, err
}

// minecraftTimes reads the times of an entry as the vanilla server does: a time that
// cannot be read is now for created, and never for expires.
func minecraftTimes(
	values map[string]string, now time.Time, warn func(field, text string),
) (created, expires syncer.Time) {
	created, known := parseMinecraftTime(values["created"])
	if !known && values["created"] != "" {
		warn("created", fmt.Sprintf("%q is not a time such as 2026-01-31 18:00:00 +0000; taken for now, "+
			"as Minecraft does", values["created"]))
	}
	if expires, known = parseMinecraftTime(values["expires"]); !known && !isForever(values["expires"]) {
		warn("expires", fmt.Sprintf("%q is not a time such as 2026-01-31 18:00:00 +0000; taken for forever, "+
			"as Minecraft does", values["expires"]))
	}
	end, ends := expires.Instant()
	switch {
	case !created.IsZero() || !ends:
	case end.After(now):
		created = syncer.TimeOf(now)
	default: // it has ended, so it had begun
		created = syncer.TimeOf(end.Add(-time.Second))
	}
	return created, expires
}

// isForever reports whether an entry says that it has no end.
func isForever(expires string) bool { return expires == "" || expires == "forever" }

// parseMinecraftTime reads a time; false if it cannot be read.
func parseMinecraftTime(text string) (syncer.Time, bool) {
	for _, layout := range []string{minecraftTime, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return syncer.TimeOf(at), true
		}
	}
	return syncer.Time{}, false
}

// minecraftField names the field of an error as the file does.
func minecraftField(err error) error {
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		switch e.Field {
		case "createdAt":
			e.Field = "created"
		case "expiresAt":
			e.Field = "expires"
		case "by":
			e.Field = "source"
		}
	}
	return err
}
