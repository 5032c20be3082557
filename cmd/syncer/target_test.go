package main

import (
	"testing"
	"time"

	"playersync/syncer"
)

func TestTargetsAreReadAsTheyAreMeant(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"203.0.113.7":                          "ip:203.0.113.7/32",
		"203.0.113.0/24":                       "ip:203.0.113.0/24",
		"2001:db8::1":                          "ip:2001:db8::1/128",
		"2001:db8::/32":                        "ip:2001:db8::/32",
		"::ffff:203.0.113.7":                   "ip:203.0.113.7/32",
		"fe80::1%eth0":                         "ip:fe80::1/128",
		"ip:203.0.113.7":                       "ip:203.0.113.7/32",
		"uuid:203.0.113.7":                     "uuid:203.0.113.7",
		"abcdefghijklmnopqrs/u==":              "uuid:abcdefghijklmnopqrs/u==",
		"123e4567-e89b-12d3-a456-426614174000": "uuid:123e4567-e89b-12d3-a456-426614174000",
		"deadbeef":                             "uuid:deadbeef",
		"1.2.3":                                "uuid:1.2.3",
		"Steve":                                "uuid:Steve",
		"10.0.0.256":                           "",
		"10.0.0.1/8":                           "",
		"2001:db8:::1":                         "",
		"ip:Steve":                             "",
		"uuid:":                                "",
		"":                                     "",
	} {
		target, err := parseTarget(text)
		got := ""
		if err == nil {
			got = target.Key()
		}
		if got != want {
			t.Errorf("%q is read as %q (%v), want %q", text, got, err, want)
		}
		if err != nil && !isUsageError(err) {
			t.Errorf("%q: %v does not count as wrong usage", text, err)
		}
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]syncer.Time{
		"1h":                        syncer.TimeOf(now.Add(time.Hour)),
		"2026-01-02T05:00:00+01:00": syncer.TimeOf(now.Add(55*time.Minute + 55*time.Second)),
		"forever":                   syncer.Forever,
		"infinity":                  syncer.Forever,
		"2026-01-02T03:04:05Z":      {}, // now is not later
		"2026-01-02":                {},
		"soon":                      {},
	} {
		got, err := parseUntil("for", text, now)
		if got != want || (err == nil) == want.IsZero() {
			t.Errorf("%q is read as %v (%v), want %v", text, got, err, want)
		}
	}
}
