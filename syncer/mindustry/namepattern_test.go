package mindustry_test

import (
	"errors"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/mindustry"
)

func TestNamePatternsThatAreAllowed(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		`a`, `.*`, `(?i)bot[\-_ ]?\d+`, `(?iu)бот.*`, `^$`, `|`, `a|`, `()`, `(ab)*+`, `(?:ab)??`, `(?=a)b`,
		`(?!.*admin).+`, `a{2}`, `a{2,}`, `a{2,3}?`, `a{0,0}`,
		`[a-z\d_]`, `[^a]`, `[.*+?(){}|$]`, `[\]\[\^\-\&\\]`, `[ -~]`, `[😀-😃]`, `\.\*\(\)\/\_\#`,
		`\u0041[\u0400-\u04ff]`, `\p{L}\P{Nd}[\p{IsHan}]`, `\bx\B`, `日本#é&-`,
		`.*a.*b.*`, `.*[a-z]{2,5}.*(bot|spam|ad)`, `(a*|b+)?`, `(a{2}){3}`, strings.Repeat("a|", 400),
		strings.Repeat("(", 50) + strings.Repeat(")", 50), strings.Repeat("é", 1000),
	} {
		if err := mindustry.CheckNamePattern(pattern); err != nil {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

func TestNamePatternsThatAreRefused(t *testing.T) {
	t.Parallel()
	for pattern, why := range map[string]string{
		"": "must not be empty", strings.Repeat("a", 1001): "at most 1000", "\xff": "UTF-8",
		"a\tb": "control", "a\x7f": "control",
		"(": "never closed", "(a": "never closed", "a)": "closes nothing", "[a": "never closed", "[]": "is empty",
		"[^]": "is empty",
		"*a":  "nothing that *", "a**": "nothing that *", "a+++": "nothing that +", "(*)": "nothing that *",
		"|?": "nothing that ?", "^*": "nothing that *", `\b+`: "nothing that +",
		"(?=a)*": "nothing that *", "(?i)*": "nothing that *", "a(?i)b": "nothing that ?", "(?<=a)b": "nothing that ?",
		"(?<n>a)": "nothing that ?", "(?>a)": "nothing that ?",
		"{2}": "nothing that {", "a{": "must be {n}", "a{,2}": "must be {n}", "a{1000}": "must be {n}",
		"a{ 2}": "must be {n}", "a{2,1}": "more than", "a}": `\}`, "a]": `\]`,
		`\`: "begins nothing", `\Qa\E`: "begins nothing", `\1`: "begins nothing", `\x41`: "begins nothing",
		`\é`: "begins nothing", `\ `: "begins nothing", `\uD800`: "begins nothing", `\u00z0`: "begins nothing",
		`\p{Latin}`: "begins nothing", `\pL`: "begins nothing", "[z-a]": "backwards", "[a-]": "no end", "[-a]": `\-`,
		`[\d-z]`: `\-`, `[a-\d]`: "begins nothing", "[a^]": `\^`, "[a&&b]": `\&`, "[a[b]]": `\[`,
		".*.*.*.*z":                 "too many ways",
		".*.*.*a?b?c?":              "too many ways",
		strings.Repeat("(a|a)", 21): "too many ways",
		"(a*)*":                     "must not hold", "(a|a)+": "must not hold", "(a?){9}": "must not hold",
		"(?:a{2,3}){9}":     "must not hold",
		".*.*.*.*.*.*.*.*z": "at character 9",
		`[\b]`:              "begins nothing", strings.Repeat("(", 51) + strings.Repeat(")", 51): "50 groups",
	} {
		err := mindustry.CheckNamePattern(pattern)
		if syncer.CodeOf(err) != syncer.CodeInvalid || !strings.Contains(err.Error(), why) {
			t.Errorf("%.60q: %v, want it to say %q", pattern, err, why)
		}
	}
	if err := mindustry.CheckNamePattern("é(b"); err == nil || !strings.Contains(err.Error(), "character 2") {
		t.Errorf("the place is not named: %v", err)
	}
}

// A pattern is allowed or refused with what is wrong, whatever it is.
func FuzzCheckNamePattern(f *testing.F) {
	for _, seed := range []string{
		"(?i)bot[\\-_ ]?\\d+", "(a+)+$", "a{2,9}|[^\\]x]", "(?=.*a)b", "\\p{L}+", "[", "((((", "é{,}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		err := mindustry.CheckNamePattern(pattern)
		if refusal, refused := errors.AsType[*syncer.Error](err); err != nil && (!refused || refusal.Message == "") {
			t.Errorf("%q: %v", pattern, err)
		}
	})
}
