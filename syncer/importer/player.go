package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry"
	"playersync/syncer/mindustry/fishjson"
)

// sharedFields are the fields of a player that are the same on all servers, with
// those of older documents; unsyncedFields those that differ.
var (
	sharedFields = strings.Fields(`rank flags unmuteTime unmarkTime muted name overrideName highlight rainbow history
		chatStrictness showRankPrefix language achievements`)
	unsyncedFields = strings.Fields("stats firstJoined lastJoined usid")
)

// otherFields say nothing that is to be stored: names and versions of the document
// itself, and sums that are computed anew.
var otherFields = strings.Fields("_id uuid __v globalStats globalFirstJoined globalLastJoined")

// defaultPort stands for the port of an address that was stored without one, as
// for a plugin that is too old to send one.
const defaultPort = 6567

// readPlayer reads a player's document and reports the fields that it does not know.
func readPlayer(o fishjson.Object, options Options, unknown func(field string)) (merge.ImportedPlayer, error) {
	var p merge.ImportedPlayer
	id, err := playerID(o)
	if err != nil {
		return p, err
	}
	p.ID = id
	for name := range o {
		known := slices.Contains(sharedFields, name) || slices.Contains(unsyncedFields, name) ||
			slices.Contains(otherFields, name)
		if !known {
			unknown(name)
		}
	}
	if p.Save, err = readShared(o); err != nil {
		return p, err
	}
	if p.Gamemodes, err = readGamemodes(o, options.Gamemode, unknown); err != nil {
		return p, err
	}
	if p.Addresses, err = readAddresses(o["usid"], options.Address); err != nil {
		return p, err
	}
	return p, p.Validate()
}

// playerID is the member uuid or, if there is none, a text _id.
func playerID(o fishjson.Object) (syncer.PlayerID, error) {
	name := "uuid"
	if !o.Has(name) {
		name = "_id"
	}
	text, err := o.Text(name)
	if err != nil {
		return "", syncer.Invalid("uuid", "must be a text, here or as _id")
	}
	return syncer.ParsePlayerID(text)
}

// readShared reads what all servers share.
func readShared(o fishjson.Object) (merge.Save, error) {
	shared := maps.Clone(o)
	for _, name := range unsyncedFields {
		delete(shared, name)
	}
	if bytes.Equal(shared["achievements"], []byte(`""`)) {
		delete(shared, "achievements") // never unlocked any
	}
	save, err := shared.Save()
	if err != nil {
		return merge.Save{}, err
	}
	muted, err := shared.Flag("muted")
	if err != nil {
		return merge.Save{}, err
	}
	if muted.Set && !save.UnmuteTime.Set {
		save.UnmuteTime = syncer.Some(syncer.Time{})
		if muted.Value {
			save.UnmuteTime.Value = syncer.Forever
		}
	}
	save.History = mindustry.WithoutCutAuthors(save.History)
	return save, nil
}

// readGamemodes reads what is kept by gamemode; plain values belong to the given
// one.
func readGamemodes(o fishjson.Object, own string, unknown func(string)) (map[string]syncer.GamemodeRecord, error) {
	records := map[string]syncer.GamemodeRecord{}
	for _, field := range unsyncedFields[:3] {
		modes, err := byGamemode(field, o[field], own)
		if err != nil {
			return nil, err
		}
		for mode, value := range modes {
			one, err := fishjson.Object{field: value}.Save()
			if err != nil {
				return nil, within(err, field, field+"."+mode)
			}
			record := records[mode]
			switch field {
			case "stats":
				record.Stats = one.Stats
				noteCounters(value, unknown)
			case "firstJoined":
				record.FirstJoined = one.FirstJoined
			default:
				record.LastJoined = one.LastJoined
			}
			records[mode] = record
		}
	}
	maps.DeleteFunc(records, func(_ string, r syncer.GamemodeRecord) bool {
		return r.FirstJoined.IsZero() && r.LastJoined.IsZero() && len(r.Stats) == 0
	})
	return records, nil
}

// noteCounters reports the counters that the plugin does not have.
func noteCounters(stats json.RawMessage, unknown func(string)) {
	var counters fishjson.Object
	if json.Unmarshal(stats, &counters) != nil {
		return
	}
	for name := range counters {
		if !slices.Contains(fishjson.CounterNames[:], name) {
			unknown("stats." + name)
		}
	}
}

// byGamemode returns the values of a field by gamemode. A plain value is one that
// is no object or, for stats, an object of counters.
func byGamemode(field string, value json.RawMessage, own string) (map[string]json.RawMessage, error) {
	if value == nil || fishjson.IsNull(value) {
		return nil, nil
	}
	var modes fishjson.Object
	if json.Unmarshal(value, &modes) != nil {
		modes = nil
	}
	plain := modes == nil
	for name := range modes {
		if field == "stats" && !isObject(modes[name]) && slices.Contains(fishjson.CounterNames[:], name) {
			plain = true
		}
	}
	if !plain {
		maps.DeleteFunc(modes, func(_ string, value json.RawMessage) bool { return fishjson.IsNull(value) })
		return modes, nil
	}
	if own == "" {
		one, err := fishjson.Object{field: value}.Save()
		if err == nil && field != "stats" && one.FirstJoined.IsZero() && one.LastJoined.IsZero() {
			return nil, nil // not known: no matter of which gamemode
		}
		return nil, syncer.Invalid(field, "is not by gamemode, and --gamemode does not say which one it is of")
	}
	return map[string]json.RawMessage{own: value}, nil
}

func isObject(value json.RawMessage) bool { return bytes.HasPrefix(value, []byte("{")) }

// readAddresses reads the usids by server address; a plain one belongs to the given
// address.
func readAddresses(value json.RawMessage, own string) (map[string]syncer.AddressRecord, error) {
	records := map[string]syncer.AddressRecord{}
	if value == nil || fishjson.IsNull(value) {
		return records, nil
	}
	if isObject(value) {
		return records, addUSIDs(records, "", value)
	}
	usid, err := fishjson.Object{"usid": value}.Clearable("usid")
	switch {
	case err != nil:
		return nil, err
	case usid.Value == nil:
		return records, nil
	case own == "":
		return nil, syncer.Invalid("usid", "is not by server address, and --address does not say which one it is of")
	}
	records[serverAddress(own)] = syncer.AddressRecord{USID: usid.Value}
	return records, nil
}

// addUSIDs adds the usids of an object. MongoDB reads a dot in a name as a path: an
// address may have become objects within objects.
func addUSIDs(records map[string]syncer.AddressRecord, path string, value json.RawMessage) error {
	var members fishjson.Object
	if err := json.Unmarshal(value, &members); err != nil {
		return syncer.Invalid("usid", "must be an object with a text for each server address")
	}
	for name, member := range members {
		name = path + name
		if isObject(member) {
			if err := addUSIDs(records, name+".", member); err != nil {
				return err
			}
			continue
		}
		usid, err := fishjson.Object{"usid": member}.Clearable("usid")
		if err != nil {
			return within(err, "usid", "usid."+name)
		}
		if usid.Value != nil {
			records[serverAddress(name)] = syncer.AddressRecord{USID: usid.Value}
		}
	}
	return nil
}

// serverAddress writes an address as the sidecars do, and returns other texts as they
// are.
func serverAddress(text string) string {
	if address, err := netip.ParseAddrPort(text); err == nil {
		return netip.AddrPortFrom(address.Addr().Unmap().WithZone(""), address.Port()).String()
	}
	if address, err := syncer.ParseAddress(text); err == nil {
		return netip.AddrPortFrom(address, defaultPort).String()
	}
	return text
}

// within renames the field of an error, or the beginning of it.
func within(err error, field, path string) error {
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		if rest, found := strings.CutPrefix(e.Field, field); found {
			e.Field = path + rest
		}
	}
	return err
}
