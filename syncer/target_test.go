package syncer_test

import (
	"strings"
	"testing"

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
		"::":                                   "ip:::/128",
		"...":                                  "uuid:...",
		"ip:203.0.113.7":                       "ip:203.0.113.7/32",
		"uuid:203.0.113.7":                     "uuid:203.0.113.7",
		"uuid:uuid:x":                          "uuid:uuid:x",
		"uuid:ip:x":                            "uuid:ip:x",
		"uuid:069a79f444e94726a5befca90e38aaf": "uuid:069a79f444e94726a5befca90e38aaf",
		"abcdefghijklmnopqrs/u==":              "uuid:abcdefghijklmnopqrs/u==",
		"0000000000000000000014==":             "uuid:0000000000000000000014==",
		"123E4567E89B12D3A456426614174000":     "uuid:123e4567-e89b-12d3-a456-426614174000",
		"123e4567-e89b-12d3-a456-426614174000": "uuid:123e4567-e89b-12d3-a456-426614174000",
		"deadbeef":                             "uuid:deadbeef",
		"Steve":                                "uuid:Steve",
		"Mr. Steve":                            "uuid:Mr. Steve",
	} {
		if target, err := syncer.ReadTarget(text); err != nil || target.Key() != want {
			t.Errorf("%q is read as %v, %v; want %q", text, target, err, want)
		}
	}
}

// What is meant as an address or a range says how it is written, wherever it stands.
func TestMistypedAddressSaysHowItIsWritten(t *testing.T) {
	t.Parallel()
	for text, write := range map[string]string{
		"203.0.113.*":                 "write 203.0.113.0/24",
		"203.0.*.*":                   "write 203.0.0.0/16",
		"203.0.113":                   "write 203.0.113.0/24",
		"203.0.113.":                  "write 203.0.113.0/24",
		"1.2.3":                       "write 1.2.3.0/24",
		"203.0.113.0-203.0.113.255":   "write 203.0.113.0/24",
		"203.0.113.0 - 203.0.113.255": "write 203.0.113.0/24",
		"203.0.113.0-255":             "write 203.0.113.0/24",
		"203.0.113.1-203.0.113.9":     "the smallest range that holds it is 203.0.113.0/28",
		"2001:db8::1-2001:db8::ff":    "the smallest range that holds it is 2001:db8::/120",
		"0.0.0.0-255.255.255.255":     "write 0.0.0.0/0",
		"203.0.113.0/255.255.255.0":   "write 203.0.113.0/24",
		"203.0.113.0/255.0.255.0":     "",
		"[2001:db8::5]":               "write 2001:db8::5",
		"[2001:db8::5]:25565":         "write 2001:db8::5",
		"198.51.100.8:25565":          "write 198.51.100.8",
		"2001:db8::5 ":                "write 2001:db8::5",
		" 203.0.113.0/24":             "write 203.0.113.0/24",
		"/198.51.100.8":               "write 198.51.100.8",
		"/198.51.100.8:25565":         "write 198.51.100.8",
		"2001:db8:7:*":                "write 2001:db8:7::/48",
		"203.0.113.007":               "write 203.0.113.7",
		"203.0.113.5/":                "write 203.0.113.5",
		"203.0.113.9-203.0.113.1":     "",
		"203.0.113.1-2001:db8::1":     "",
		"10.0.0.256":                  "",
		"10.0.0.0/33":                 "",
		"2001:db8:::1":                "",
		"1.2.3.4.5":                   "",
		"*.*.*.1":                     "",
		"203.0.113.x":                 "write 203.0.113.0/24",
		"203,0,113,5":                 "write 203.0.113.5",
		"http://198.51.100.8/":        "write 198.51.100.8",
		"CIDR:203.0.113.0/24":         "",
		"203.0.113.0/24,192.0.2.0/24": "",
		"２０３.0.113.5":                 "write 203.0.113.5",
		"203。0。113。5":                 "write 203.0.113.5",
		"fe80::1%eth0":                "machine; write fe80::1",
		"fe80::%eth0/64":              "machine; write fe80::/64",
		"203.0.113.7%":                "machine; write 203.0.113.7",
		"fe80::x%eth0":                "",
		"2001:db8::g":                 "",
		"*.*.*.*":                     "",
	} {
		wants := func(err error, field string) {
			t.Helper()
			wantInvalid(t, err, field)
			if message := err.Error(); field == "ip" && !strings.Contains(message, write) ||
				write == "" && !strings.Contains(message, " such as 203.0.113.") && field == "ip" {
				t.Errorf("%q: %v; want %q", text, err, write)
			}
		}
		_, err := syncer.ReadTarget(text)
		wants(err, "ip")
		_, err = syncer.ParseTarget("", text)
		wants(err, "ip")
		_, err = syncer.ParseTarget(text, "")
		wants(err, "uuid")
	}
	for _, text := range []string{"", "uuid:", "ip:", "ip:Steve", "Steve ", "#offline#bob"} {
		if target, err := syncer.ReadTarget(text); err == nil {
			t.Errorf("%q is read as %v", text, target)
		}
	}
}

// An id with a slip in it is refused, says how it is written, and can be meant nevertheless.
func TestMistypedUUIDSaysHowItIsWritten(t *testing.T) {
	t.Parallel()
	const how = "which is written 069a79f4-44e9-4726-a5be-fca90e38aaf5;"
	for text, want := range map[string]string{
		"069a79f444e94726a5befca90e38aaf":           "which has 32 digits, not 31;",
		"069A79F4-44E9-4726-A5BE-FCA90E38AAF":       "which has 32 digits, not 31;",
		"069a79f4-44e9-4726-a5be-fca90e38aaf55":     "which has 32 digits, not 33;",
		"069a79f444e9-4726-a5be-fca90e38aaf5":       how,
		"069A79F4-44E94726-A5BE-FCA9-0E38AAF5":      how,
		"{069a79f444e94726a5befca90e38aaf5}":        how,
		"(069a79f4-44e9-4726-a5be-fca90e38aaf5)":    how,
		"069a79f4-44e9-4726-a5be-fca90e38aaf5-":     how,
		"URN:UUID:069a79f444e94726a5befca90e38aaf5": how,
		"069a79f4-44e9-4726-a5be-fca9Oe38aaf5":      `whose digits are 0 to 9 and a to f: "o" is none;`,
		"069a79f4-44e9-4726-a5be-fca90e38aaf":       "which has 32 digits, not 31;",
	} {
		for _, check := range []func(string) error{
			func(text string) error { _, err := syncer.ReadTarget(text); return err },
			func(text string) error { _, err := syncer.ParseTarget(text, ""); return err },
			func(text string) error { _, err := syncer.ParseRecordedTarget(text, ""); return err },
		} {
			err := check(text)
			wantInvalid(t, err, "uuid")
			if message := err.Error(); !strings.Contains(message, "looks like a UUID, "+want) ||
				!strings.HasSuffix(message, "; an id of that text is written uuid:"+text) {
				t.Errorf("%q: %v; want %s", text, err, want)
			}
			if err := check("uuid:" + text); err != nil {
				t.Errorf("%q, though meant: %v", text, err)
			}
		}
	}
	for _, text := range []string{
		"069a79f4-44e9-4726-a5be-fca90e38aaf5", "AAAAAAAAAAAAAAAAAAAAAA==", "deadbeef", "a-b-c-d-e",
		"0123456789abcdef0123456789abcdef01234567",                         // SHA-1
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", // SHA-256
		"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "76561198000000000",
	} {
		if err := syncer.CheckBannedID(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The name of a host may be a player's name, but is no id that another program wrote.
func TestHostIsNoRecordedID(t *testing.T) {
	t.Parallel()
	if _, err := syncer.ParseTarget("example.org", ""); err != nil {
		t.Error(err)
	}
	_, err := syncer.ParseRecordedTarget("example.org", "")
	wantInvalid(t, err, "uuid")
	wantInvalid(t, syncer.CheckBannedID("example.org"), "uuid")
	if target, err := syncer.ParseRecordedTarget("uuid:example.org", ""); err != nil || target.ID != "example.org" {
		t.Errorf("%v, %v", target, err)
	}
}

func TestHostNamesAreKnownByTheirLabels(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"example.org": true, "play.example.org:25565": true, "EXAMPLE.ORG": true, "a-b.example": true,
		"Steve": false, "Mr. Steve": false, ".Steve": false, "Steve.": false, "a..org": false, "-a.org": false,
		"v1.2": false, "example.o": false, "example.org:x": false, "": false,
	} {
		if syncer.LooksLikeHost(text) != want {
			t.Errorf("%q is taken for a host: %v", text, !want)
		}
	}
}

func TestLineOfAnAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8::/64":        "",
		"203.0.113.7":          "",
		"Steve":                "",
	} {
		target, err := syncer.ReadTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		if line, ok := target.LineOf(); ok != (want != "") || ok && line.String() != want {
			t.Errorf("%s is of the line %v, %v; want %q", text, line, ok, want)
		}
	}
}

func FuzzReadTarget(f *testing.F) {
	for _, seed := range []string{
		"Steve", "203.0.113.*", "[2001:db8::5]:1", "1-2", "/", ":", "::-", "1.2.3.4/255.0.0.0",
		"069A79F444E94726A5BEFCA90E38AAF5", "#offline#bob", "uuid:x", "ip:::/0", "*", "1.2.3.4-5", "-1:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		target, err := syncer.ReadTarget(text)
		if err != nil {
			if syncer.CodeOf(err) != syncer.CodeInvalid {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if back, err := syncer.ParseTargetKey(target.Key()); err != nil || back != target {
			t.Fatalf("%q is %v, and back %v, %v", text, target, back, err)
		}
		if back, err := syncer.ReadTarget(target.Text()); err != nil || back != target {
			t.Fatalf("%q is %v, written %s, and back %v, %v", text, target, target.Text(), back, err)
		}
		if target.ID == "" {
			return
		}
		if back, err := syncer.ParseRecordedTarget(target.RecordedText(), ""); err != nil || back != target {
			t.Fatalf("%q is %v, recorded as %s, and back %v, %v", text, target, target.RecordedText(), back, err)
		}
	})
}
