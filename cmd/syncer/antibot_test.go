package main

import (
	"strings"
	"testing"
)

func TestAntibotPatternIsSetShownAndCleared(t *testing.T) {
	t.Parallel()
	_, environ := database(t)
	if text := succeed(t, environ, "antibot", "get"); !strings.Contains(text, "no pattern") {
		t.Errorf("without patterns: %s", text)
	}
	set := decode[patternJSON](t, environ, "antibot", "set", "blacklist", `(?i)bot[\-_ ]?\d+`, "--by", "Notch")
	if set.Kind != "blacklist" || set.SetBy != "Notch" {
		t.Errorf("set %+v", set)
	}
	succeed(t, environ, "antibot", "set", "blacklist", `bot\d+`)
	if patterns := decode[[]patternJSON](t, environ, "antibot", "get"); len(patterns) != 1 || patterns[0].Pattern != `bot\d+` {
		t.Errorf("patterns %+v", patterns)
	}
	if text := succeed(t, environ, "antibot", "get"); !strings.Contains(text, `bot\d+`) {
		t.Errorf("shown as %s", text)
	}
	for _, args := range [][]string{
		{"set", "blacklist", "(bot"},
		{"set", "blacklist", "bot**"},
		{"set", "greylist", "bot"},
		{"set", "blacklist", ""},
		{"set", "blacklist"},
		{"clear"},
		{"clear", "all"},
		{"get", "blacklist"},
	} {
		if r := runSyncer(t, environ, append([]string{"antibot"}, args...)...); r.code != exitUsage {
			t.Errorf("%q: %+v", args, r)
		}
	}
	succeed(t, environ, "antibot", "clear", "blacklist")
	if r := runSyncer(t, environ, "antibot", "clear", "blacklist"); r.code != exitFailed || !strings.Contains(r.errs, "no blacklist pattern is set") {
		t.Errorf("clearing again: %+v", r)
	}
}
