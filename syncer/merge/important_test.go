package merge_test

import (
	"slices"
	"testing"

	"playersync/syncer"
	"playersync/syncer/merge"
)

func TestTheAuditKnowsAllImportantFields(t *testing.T) {
	t.Parallel()
	fields := merge.ImportantFields()
	for _, field := range fields {
		if !slices.Contains(syncer.AuditFields, syncer.AuditField(field)) {
			t.Errorf("the audit does not know %s", field)
		}
	}
	for _, field := range []string{"rank", "unmuteTime", "flags", "attributes"} {
		if !slices.Contains(fields, field) {
			t.Errorf("%s is not among %q", field, fields)
		}
	}
	if slices.Contains(fields, "name") {
		t.Errorf("the name is among %q", fields)
	}
}
