package syncer_test

import (
	"strings"
	"testing"

	"playersync/syncer"
)

func TestBanRecordValidate(t *testing.T) {
	t.Parallel()
	open := syncer.BanRecord{
		Target: syncer.TargetID("id"), CreatedAt: syncer.Millis(5000), ExpiresAt: syncer.Millis(5001),
	}
	lifted := open
	lifted.LiftedAt, lifted.LiftedBy, lifted.LiftReason = syncer.Millis(5000), "Alice", "appeal"
	for _, good := range []syncer.BanRecord{
		open, lifted, {Target: open.Target}, {Target: open.Target, ExpiresAt: syncer.Forever},
	} {
		if err := good.Validate(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, c := range []struct {
		field string
		spoil func(*syncer.BanRecord)
	}{
		{"uuid", func(r *syncer.BanRecord) { r.Target = syncer.Target{} }},
		{"reason", func(r *syncer.BanRecord) { r.Reason = "a\x00b" }},
		{"by", func(r *syncer.BanRecord) { r.By = strings.Repeat("x", syncer.MaxHistoryText+1) }},
		{"liftedBy", func(r *syncer.BanRecord) { r.LiftedBy = "\xff" }},
		{"liftReason", func(r *syncer.BanRecord) { r.LiftReason = strings.Repeat("x", syncer.MaxReasonLength+1) }},
		{"createdAt", func(r *syncer.BanRecord) { r.CreatedAt = syncer.Forever }},
		{"createdAt", func(r *syncer.BanRecord) { r.CreatedAt = syncer.Time{} }},
		{"createdAt", func(r *syncer.BanRecord) { r.CreatedAt, r.ExpiresAt = syncer.Time{}, syncer.Time{} }},
		{"expiresAt", func(r *syncer.BanRecord) { r.ExpiresAt = syncer.Millis(5000) }},
		{"liftedAt", func(r *syncer.BanRecord) { r.LiftedAt = syncer.Millis(4999) }},
		{"liftedAt", func(r *syncer.BanRecord) { r.LiftedAt = syncer.Forever }},
		{"liftedBy", func(r *syncer.BanRecord) { r.LiftedAt = syncer.Time{} }},
		{"liftReason", func(r *syncer.BanRecord) { r.LiftedAt, r.LiftedBy = syncer.Time{}, "" }},
	} {
		bad := lifted
		c.spoil(&bad)
		wantInvalid(t, bad.Validate(), c.field)
	}
}
