package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/mindustry"
	"playersync/syncer/store"
)

// piecesOfPatterns are what drawn patterns are made of: allowed pieces, forbidden
// ones, and some that are either by what stands beside them.
var piecesOfPatterns = []string{
	"a", "Z", "0", " ", "-", "&", "#", "é", "日", "😀", ",", "x",
	".", "^", "$", "|", "(", "(?:", "(?=", "(?!", ")", ")", "(?i)", "(?iu)", "(?s)", "(?<=", "(?<a>", "(?>",
	"*", "+", "?", "{", "}", "{2}", "{2,}", "{2,3}", "{3,2}", "{999}", "{1000}", "{,2}", "{ 2}", ".*", "(a|b)", "a?",
	"[", "[^", "]", "[a-z]", "[z-a]", "[^a]", "[😀-😃]", `[a\-z]`, `[\d]`, `[\d-z]`, `[a-\d]`, "[]", "[^]", "[.]",
	`[a-\u0062]`, `[\u0062-a]`,
	`[\]]`, "[ -~]", "[a^]", "[a&&b]", "[a-]", "[-a]", "[a[b]]", "[(]", "[{*]",
	`\`, `\\`, `\d`, `\D`, `\w`, `\W`, `\s`, `\S`, `\b`, `\B`, `\A`, `\Q`, `\E`, `\1`, `\x41`, `\u0041`, `\uD800`,
	`\uE000`, `\u00zz`, `\U0041`,
	`\p{L}`, `\P{Lu}`, `\p{IsHan}`, `\p{Is`, `\p{Q}`, `\pL`, `\.`, `\[`, `\]`, `\(`, `\)`, `\{`, `\^`, `\-`, `\/`, `\_`,
	`\é`, `\ `, `\t`, "\t", "\x7f",
}

// What the database takes by hand is what the domain takes.
func TestPatternRuleIsTheSameInTheDatabase(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	agree := func(into rapid.TB, patterns []string) (accepted int) {
		verdicts := column[bool](t, conn,
			`select is_name_pattern(p) from unnest($1::text[]) with ordinality as u (p, n) order by n`, patterns)
		for i, pattern := range patterns {
			err := mindustry.CheckNamePattern(pattern)
			if (err == nil) != verdicts[i] {
				into.Errorf("%q: the database says %v, the domain %v", pattern, verdicts[i], err)
			}
			if err == nil {
				accepted++
			}
		}
		return accepted
	}
	const three = ".*a.*b.*" // 2^18 ways
	agree(t, []string{
		three, three + "?c?d?", three + "c?d?", three + "c?d?|", three + "(a|b)(a|b)",
		three + "(a|b)(a|b)c?",
		three + ".*", three + "a{2,5}", three + "a{2,6}", three + "a{2}", three + "a{990,}", three + "a{936,}",
		"(a*)?", "(a*)*", "(a|b)+", "(ab)*", "(ab){2}", "(a?){2}", "(?:a|b)?", "((a|b)|c)?",
		"(a{2}){3}", "(a{2,3}){3}", "((a))+",
		"(?=a*)b", "(a|b)(?=a|b)",
		"", strings.Repeat("é", 1000), strings.Repeat("é", 1001), strings.Repeat("(", 50) + strings.Repeat(")", 50),
		strings.Repeat("(", 51) + strings.Repeat(")", 51), strings.Repeat("(a)", 51), strings.Repeat(`\(`, 60),
		strings.Repeat("[(]", 60),
	})
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(piecesOfPatterns), 1, 7), func(pieces []string) string {
			return strings.Join(pieces, "")
		})
		accepted += agree(t, rapid.SliceOfN(pattern, 50, 200).Draw(t, "patterns"))
	})
	if accepted < 100 {
		t.Errorf("only %d patterns were accepted by both", accepted)
	}
}

func TestAntibotPatterns(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	ctx := context.Background()
	set := func(ctx context.Context, pattern, by string) mindustry.AntibotPattern {
		t.Helper()
		stored, err := s.SetAntibotPattern(ctx, mindustry.PatternBlacklist, pattern, by)
		if err != nil || stored.Pattern != pattern || stored.SetAt.IsZero() {
			t.Fatalf("stored %+v, %v", stored, err)
		}
		return stored
	}
	set(ctx, `bot\d+`, "Alex")
	if stored := set(ctx, `bot\d+`, ""); stored.SetBy != value[string](t, psql(t, url), "select session_user") {
		t.Errorf("without a name it is set by %q", stored.SetBy)
	}
	if stored := set(syncer.WithActor(ctx, "Alice"), `bot\d+`, ""); stored.SetBy != "Alice" {
		t.Errorf("for Alice it is set by %q", stored.SetBy)
	}
	set(ctx, `(?i)bot.*`, "Steve")
	if _, err := s.SetAntibotPattern(ctx, mindustry.PatternGraylist,
		`(unclosed`, "Steve"); syncer.CodeOf(err) != syncer.CodeInvalid {
		t.Errorf("a broken pattern: %v", err)
	}
	conn := psql(t, url)
	refusal := refused(t, conn, `insert into antibot_pattern (kind, pattern) values ('graylist', '(unclosed')`)
	if refusal == nil || refusal.ConstraintName != "antibot_pattern_pattern_form" {
		t.Errorf("a broken pattern by hand: %v", refusal)
	}
	patterns, err := s.AntibotPatterns(ctx)
	if err != nil || len(patterns) != 1 || patterns[0].Pattern != `(?i)bot.*` || patterns[0].SetBy != "Steve" {
		t.Errorf("patterns are %+v, %v", patterns, err)
	}
	for _, want := range []bool{true, false} {
		if cleared, err := s.ClearAntibotPattern(ctx, mindustry.PatternBlacklist); err != nil || cleared != want {
			t.Errorf("cleared %v, %v; want %v", cleared, err, want)
		}
	}
}

func TestBlacklistKeepsTextsAsTheyAre(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	ctx := context.Background()
	given := []string{"10.0.0.1", "2001:db8:0:0:0:0:0:1", "2001:DB8::1%eth0", "<unknown>", "é", " "}
	changes, err := s.AddBlacklisted(ctx, given, "a")
	if err != nil || len(changes) != len(given) {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	if changes, err := s.AddBlacklisted(ctx, given[:2], "b"); err != nil || len(changes) > 0 {
		t.Errorf("adding again changed %+v, %v", changes, err)
	}
	removed, err := s.RemoveBlacklisted(ctx, given[0])
	if err != nil || len(removed) != 1 {
		t.Fatalf("removing changed %+v, %v", removed, err)
	}
	if row := removed[0].Row.(*mindustry.BlacklistRow); row.Listed || row.Address != given[0] ||
		row.Revision <= changes[0].Row.(*mindustry.BlacklistRow).Revision {
		t.Errorf("removed as %+v after %+v", row, changes[0].Row)
	}
	if removed, err := s.RemoveBlacklisted(ctx, given[0]); err != nil || len(removed) > 0 {
		t.Errorf("removing again changed %+v, %v", removed, err)
	}
	got := column[string](t, psql(t, url), "select address from blacklisted_address")
	slices.Sort(got)
	want := slices.Clone(given[1:])
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("stored are %q, want %q", got, want)
	}
	_, rows, err := follow(t, s).ReadTable(ctx, syncer.EntityBlacklist)
	if err != nil || len(rows) != len(want) {
		t.Errorf("read %d rows, %v", len(rows), err)
	}
	var listed []string
	for after, page := "", 2; page == 2; {
		addresses, err := s.Blacklisted(ctx, "", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range addresses {
			listed, after = append(listed, a.Address), a.Address
			if a.AddedBy != "a" || a.AddedAt.IsZero() {
				t.Errorf("listed as %+v", a)
			}
		}
		page = len(addresses)
	}
	if !slices.Equal(listed, want) {
		t.Errorf("in pages %q, want %q", listed, want)
	}
	if found, err := s.Blacklisted(ctx, "dB8:", "", 10); err != nil || len(found) != 2 {
		t.Errorf("with a text %+v, %v", found, err)
	}
}
