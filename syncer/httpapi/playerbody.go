package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/sidecar"
)

// decodePatch reads the body of PATCH: every field must be known and writable.
func decodePatch(v value, now time.Time) sidecar.Patch {
	change := playerChange{now: now}
	members, _ := v.members()
	given := map[string]bool{}
	for _, m := range members {
		given[m.name] = true
		field := playerFieldNamed[m.name]
		switch {
		case field == nil:
			m.fault("is no field of a player")
		case field.name == "uuid":
			m.fault("is the key and cannot be changed")
		case field.class == computed:
			m.fault("is computed and cannot be set")
		case m.null() && !field.nullable:
			m.fault("must not be null")
		default:
			field.read(m.value, &change)
		}
	}
	if given["muted"] && given["unmuteTime"] {
		v.faultAt("muted", "says the same as unmuteTime; give one of them")
	}
	if change.muted != nil {
		change.Save.UnmuteTime = syncer.Some(muteEnd(*change.muted))
	}
	return change.Patch
}

// muteEnd returns the time that the boolean view of it stands for.
func muteEnd(muted bool) syncer.Time {
	if muted {
		return syncer.Forever
	}
	return syncer.Time{}
}

// decodeLeave reads the body of leave, which may be a whole record: what a leave
// does not save is passed over, but not what no record has, and not the record of
// another player.
func decodeLeave(v value, id syncer.PlayerID, now time.Time) merge.Save {
	change := playerChange{now: now}
	members, _ := v.members()
	for _, m := range members {
		field := playerFieldNamed[m.name]
		switch {
		case field == nil:
			m.fault("is no field of a player")
		case field.name == "uuid":
			if text, ok := m.text(); ok && text != string(id) {
				m.fault("is not the player of the path")
			}
		case field.class != unimportant:
		case m.null() && !field.nullable:
			m.fault("must not be null")
		default:
			field.read(m.value, &change)
		}
	}
	return change.Save
}

// patchSchema documents the body of PATCH.
func patchSchema() *huma.Schema {
	properties := map[string]*huma.Schema{}
	for _, field := range playerFields {
		if field.class != computed {
			properties[field.name] = field.schema()
		}
	}
	return objectSchema("Fields to change; absent ones stay as they are.", properties)
}

// leaveSchema documents the body of leave.
func leaveSchema() *huma.Schema {
	properties := map[string]*huma.Schema{}
	for _, field := range playerFields {
		if field.class == unimportant {
			properties[field.name] = field.schema()
		} else {
			properties[field.name] = &huma.Schema{Description: "Accepted, so that a whole record can be sent, and passed over."}
		}
	}
	return objectSchema("Fields to save, or the whole record.", properties)
}
