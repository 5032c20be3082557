package httpapi

import (
	"maps"
	"slices"
	"strings"
)

// fields reads the members of an object, of which only those with a reader are
// known and the required ones must be there.
func (v value) fields(readers map[string]func(member), required ...string) {
	members, ok := v.members()
	for _, m := range members {
		if read := readers[m.name]; read != nil {
			read(m)
		} else {
			m.unknown(slices.Sorted(maps.Keys(readers))...)
		}
	}
	for _, name := range required {
		if ok && !slices.ContainsFunc(members, func(m member) bool { return m.name == name }) {
			v.missing(name)
		}
	}
}

// unknown notes that the object has no member of this name, but the known ones.
func (m member) unknown(known ...string) {
	m.fault("is unknown here; known are %s", strings.Join(known, ", "))
}
