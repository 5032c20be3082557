package config

import (
	"maps"
	"testing"
)

func TestParseServers(t *testing.T) {
	t.Parallel()
	got, err := parseServers(" 6567=198.51.100.7:6567, 6568=[2001:db8::1]:7000,")
	want := map[int]string{6567: "198.51.100.7:6567", 6568: "[2001:db8::1]:7000"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{
		"6567", "6567=", "0=a:1", "65536=a:1", "x=a:1", "6567=a", "6567=a:1,6567=b:1",
		"6567=a b:1", "6567=a:0", "6567=10.0.0.256:1", "6567=a:x",
	} {
		if got, err := parseServers(bad); err == nil {
			t.Errorf("%q gives %v", bad, got)
		}
	}
}

func TestParsePrefix(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"": true, "/s3cret": true, "/a/b-c_d.e": true,
		"s3cret": false, "/": false, "/a/": false, "//a": false, "/a//b": false, "/..": false, "/a b": false,
		"/{id}": false, "/v1": false, "/v1/x": false, "/ä": false,
	} {
		if _, err := parsePrefix(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
