package syncer_test

import (
	"net/netip"
	"testing"
	"time"

	"playersync/syncer"
)

func TestBanAppliesUntilItExpiresOrIsLifted(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(5000)
	for _, c := range []struct {
		name            string
		expires, lifted syncer.Time
		want            bool
	}{
		{"without expiry", syncer.Time{}, syncer.Time{}, true},
		{"for ever", syncer.Forever, syncer.Time{}, true},
		{"a millisecond before expiry", syncer.Millis(5001), syncer.Time{}, true},
		{"at expiry", syncer.Millis(5000), syncer.Time{}, false},
		{"after expiry", syncer.Millis(4999), syncer.Time{}, false},
		{"lifted", syncer.Time{}, syncer.Millis(1), false},
		{"lifted before expiry", syncer.Millis(9000), syncer.Millis(1), false},
	} {
		b := syncer.Ban{ExpiresAt: c.expires, LiftedAt: c.lifted}
		if b.Applies(now) != c.want {
			t.Errorf("%s: applies is %v", c.name, !c.want)
		}
		if s := (syncer.ActiveBan{ExpiresAt: c.expires}); c.lifted.IsZero() && s.Applies(now) != c.want {
			t.Errorf("%s: the active ban applies: %v", c.name, !c.want)
		}
	}
}

func TestParseTarget(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ uuid, ip, key, printed string }{
		{"AAAA==", "", "uuid:AAAA==", "AAAA=="},
		{"ip:Steve", "", "uuid:ip:Steve", "ip:Steve"},
		{"", "1.2.3.4", "ip:1.2.3.4/32", "1.2.3.4"},
		{"", "1.2.3.4/32", "ip:1.2.3.4/32", "1.2.3.4"},
		{"", "::ffff:1.2.3.4", "ip:1.2.3.4/32", "1.2.3.4"},
		{"", "::ffff:1.2.3.4/128", "ip:1.2.3.4/32", "1.2.3.4"},
		{"", "::ffff:1.2.3.0/120", "ip:1.2.3.0/24", "1.2.3.0/24"},
		{"", "::ffff:0:0/96", "ip:0.0.0.0/0", "0.0.0.0/0"},
		{"", "10.0.0.0/8", "ip:10.0.0.0/8", "10.0.0.0/8"},
		{"", "0.0.0.0/0", "ip:0.0.0.0/0", "0.0.0.0/0"},
		{"", "2001:DB8::1", "ip:2001:db8::1/128", "2001:db8::1"},
		{"", "2001:db8::/32", "ip:2001:db8::/32", "2001:db8::/32"},
		{"", "::/0", "ip:::/0", "::/0"},
	} {
		target, err := syncer.ParseTarget(c.uuid, c.ip)
		if err != nil || target.Key() != c.key || target.String() != c.printed {
			t.Errorf("%q %q is %v with key %q, %v", c.uuid, c.ip, target, target.Key(), err)
		}
		if wantIP := map[bool]string{true: c.printed}[c.ip != ""]; target.IP() != wantIP {
			t.Errorf("%q %q has IP %q", c.uuid, c.ip, target.IP())
		}
		if back, err := syncer.ParseTargetKey(c.key); err != nil || back != target {
			t.Errorf("key %q is %v, %v", c.key, back, err)
		}
	}
}

func TestTargetsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ uuid, ip, field string }{
		{"", "", "uuid"},
		{"a", "1.2.3.4", "ip"},
		{"a\n", "", "uuid"},
		{"\xff", "", "uuid"},
		{"01234567890123456789012345678901234567890123456789012345678901234", "", "uuid"},
		{"", "1.2.3", "ip"},
		{"", "1.2.3.04", "ip"},
		{"", "1.2.3.4:80", "ip"},
		{"", "[::1]", "ip"},
		{"", "1.2.3.4/24", "ip"}, // host bits
		{"", "2001:db8::1/64", "ip"},
		{"", "::ffff:1.2.3.4/120", "ip"},
		{"", "::ffff:1.2.3.0/95", "ip"}, // both families
		{"", "1.2.3.4/33", "ip"},
		{"", "1.2.3.0/-1", "ip"},
		{"", "1.2.3.0/024", "ip"},
		{"", "fe80::1%eth0", "ip"}, // of one machine
		{"", "fe80::%eth0/64", "ip"},
		{"", "/24", "ip"},
		{"", " 1.2.3.4", "ip"},
	} {
		_, err := syncer.ParseTarget(c.uuid, c.ip)
		wantInvalid(t, err, c.field)
	}
	for _, key := range []string{"", "uuid:", "ip:", "1.2.3.4", "name:x", syncer.Target{}.Key()} {
		if target, err := syncer.ParseTargetKey(key); err == nil {
			t.Errorf("key %q is taken for %v", key, target)
		}
	}
}

func FuzzParsePrefix(f *testing.F) {
	for _, seed := range []string{"1.2.3.4", "10.0.0.0/8", "::ffff:1.2.3.0/120", "fe80::1%eth0", "::/0", "1.2.3.4/24"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		prefix, err := syncer.ParsePrefix(text)
		if err != nil {
			if syncer.CodeOf(err) != syncer.CodeInvalid {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if !prefix.IsValid() || prefix != prefix.Masked() || prefix.Addr().Zone() != "" || prefix.Addr().Is4In6() {
			t.Fatalf("%q is %v, which is not in normal form", text, prefix)
		}
		target := syncer.Target{Prefix: prefix}
		for _, printed := range []string{prefix.String(), target.IP()} {
			if back, err := syncer.ParsePrefix(printed); err != nil || back != prefix {
				t.Fatalf("%q is %v, printed as %q, and back %v, %v", text, prefix, printed, back, err)
			}
		}
	})
}

func FuzzParseTargetKey(f *testing.F) {
	for _, seed := range []string{"uuid:AAAA==", "ip:1.2.3.4/32", "ip:2001:db8::/32", "uuid:", "ip:x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		target, err := syncer.ParseTargetKey(key)
		if err != nil {
			return
		}
		if (target.ID == "") != target.Prefix.IsValid() {
			t.Fatalf("%q names both or neither: %+v", key, target)
		}
		if back, err := syncer.ParseTargetKey(target.Key()); err != nil || back != target {
			t.Fatalf("%q is %v, and back %v, %v", key, target, back, err)
		}
	})
}

func TestTargetAddress(t *testing.T) {
	t.Parallel()
	if got := syncer.TargetAddress(netip.MustParseAddr("fe80::1%eth0")); got.IP() != "fe80::1" {
		t.Errorf("a zone is kept: %s", got)
	}
	for _, text := range []string{"1.2.3.4", "::ffff:1.2.3.4", "2001:db8::1"} {
		parsed, err := syncer.ParseTarget("", text)
		if got := syncer.TargetAddress(netip.MustParseAddr(text)); err != nil || got != parsed {
			t.Errorf("%s gives %v by address and %v by text, %v", text, got, parsed, err)
		}
	}
}

func TestNewBanValidate(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(5000)
	good := syncer.NewBan{Target: syncer.TargetID("id"), ExpiresAt: syncer.Millis(5001)}
	if err := good.Validate(now); err != nil {
		t.Error(err)
	}
	for field, spoil := range map[string]func(*syncer.NewBan){
		"uuid":      func(b *syncer.NewBan) { b.Target = syncer.Target{} },
		"reason":    func(b *syncer.NewBan) { b.Reason = "a\x00b" },
		"by":        func(b *syncer.NewBan) { b.By = string(make([]rune, syncer.MaxHistoryText+1)) },
		"expiresAt": func(b *syncer.NewBan) { b.ExpiresAt = syncer.Millis(5000) },
	} {
		bad := good
		spoil(&bad)
		wantInvalid(t, bad.Validate(now), field)
	}
}
