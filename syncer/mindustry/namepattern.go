package mindustry

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"playersync/syncer"
)

// PatternKind says what servers do with the names that a pattern matches.
type PatternKind string

// The kinds.
const (
	PatternBlacklist PatternKind = "blacklist" // kept out
	PatternGraylist  PatternKind = "graylist"  // watched
)

// ParsePatternKind reads a kind.
func ParsePatternKind(text string) (PatternKind, error) {
	switch kind := PatternKind(text); kind {
	case PatternBlacklist, PatternGraylist:
		return kind, nil
	}
	return "", syncer.Invalid("kind", "must be %s or %s, is %q", PatternBlacklist, PatternGraylist, text)
}

// AntibotPattern is a regular expression that the whole of a bot's name matches.
type AntibotPattern struct {
	Kind    PatternKind
	Pattern string
	SetAt   syncer.Time
	SetBy   string
}

// Limits of a name pattern.
const (
	maxPattern       = 1000 // characters
	maxPatternGroups = 50
	maxRepeat        = 999
	maxPatternWays   = 1 << 20
)

// openWays stands for how many times an open repetition can match: a name has few more
// characters.
const openWays = 64

// CheckNamePattern returns an [syncer.Error] unless the regular expression keeps to the
// rule in the comment of antibot_pattern.pattern: a subset of what Java's
// java.util.regex compiles, in which every construct means the same there as it
// looks, and no name takes long to compare with: Java tries the ways in which a pattern
// may match one after the other, and there are at most 2^20. The database has the same
// rule.
func CheckNamePattern(pattern string) error {
	if err := syncer.CheckLength("pattern", pattern, maxPattern); err != nil {
		return err
	}
	if !utf8.ValidString(pattern) {
		return syncer.Invalid("pattern", "is not valid UTF-8")
	}
	p := patternParser{rest: pattern, whole: pattern}
	if !p.take("(?iu)") {
		p.take("(?i)")
	}
	if _, err := p.alternatives(); err != nil {
		return err
	}
	if p.rest != "" {
		return p.fault("this ) closes nothing")
	}
	return nil
}

// patternParser reads a name pattern from left to right.
type patternParser struct {
	whole, rest string
	groups      int
}

// fault names the place that has been reached.
func (p *patternParser) fault(format string, args ...any) error {
	at := utf8.RuneCountInString(p.whole) - utf8.RuneCountInString(p.rest) + 1
	return syncer.Invalid("pattern", "%s (at character %d)", fmt.Sprintf(format, args...), at)
}

// take goes past a text if it comes next.
func (p *patternParser) take(text string) bool {
	rest, ok := strings.CutPrefix(p.rest, text)
	p.rest = rest
	return ok
}

// alternatives reads up to the end or a closing parenthesis, and returns in how many ways
// that may match.
func (p *patternParser) alternatives() (ways int, err error) {
	side := 1 // ways of what stands between two |
	for p.rest != "" && p.rest[0] != ')' {
		if p.take("|") {
			ways, side = ways+side, 1
		} else {
			piece, err := p.piece()
			if err != nil {
				return 0, err
			}
			side *= piece
		}
		if ways+side > maxPatternWays {
			return 0, p.fault("may match in too many ways, with which a long name would freeze servers: those of "+
				"* + {n,} (%d), {n,m} (m-n+1), ? (2) and | (1 for each side), multiplied, must be at most %d",
				openWays, maxPatternWays)
		}
	}
	return ways + side, nil
}

// piece reads one element with the quantifier behind it.
func (p *patternParser) piece() (ways int, err error) {
	if slices.ContainsFunc([]string{"^", "$", `\b`, `\B`}, p.take) {
		return 1, nil
	}
	ways, repeatable, err := p.atom()
	if err != nil || !repeatable {
		return ways, err
	}
	return p.quantifier(ways)
}

// atom reads what a quantifier may follow, or a look-ahead, which none may.
func (p *patternParser) atom() (ways int, repeatable bool, err error) {
	switch c := p.rest[0]; c {
	case '(':
		return p.group()
	case '[':
		return 1, true, p.set()
	case '\\':
		if p.class() {
			return 1, true, nil
		}
		_, err := p.single()
		return 1, true, err
	case '.':
		p.take(".")
		return 1, true, nil
	case '*', '+', '?', '{':
		return 0, false, p.fault(`there is nothing that %c could repeat; for the character itself write \%[1]c`, c)
	case ']', '}':
		return 0, false, p.fault(`write \%c for the character itself`, c)
	}
	_, err = p.single()
	return 1, true, err
}

func (p *patternParser) group() (ways int, repeatable bool, err error) {
	opening := *p
	if p.groups++; p.groups > maxPatternGroups {
		return 0, false, p.fault("must have at most %d groups", maxPatternGroups)
	}
	p.take("(")
	repeatable = true
	switch {
	case p.take("?:"):
	case p.take("?="), p.take("?!"):
		repeatable = false
	}
	if ways, err = p.alternatives(); err != nil {
		return 0, false, err
	}
	if !p.take(")") {
		return 0, false, opening.fault("this ( is never closed")
	}
	return ways, repeatable, nil
}

// quantifier reads one, if it comes next, behind what may match in so many ways, and returns
// the ways of both.
func (p *patternParser) quantifier(ways int) (int, error) {
	start := *p
	repeated, optional := openWays, false
	switch {
	case p.take("*"), p.take("+"):
	case p.take("?"):
		repeated, optional = ways+1, true
	case p.take("{"):
		var err error
		if repeated, err = p.bounds(); err != nil {
			return 0, err
		}
	default:
		return ways, nil
	}
	if ways > 1 && !optional {
		return 0, start.fault("what is repeated must not hold * + ? {n,m} or | itself, with which a long name would " +
			"freeze servers; for one of several characters write [ab]")
	}
	if !p.take("?") {
		p.take("+")
	}
	return repeated, nil
}

// bounds reads n}, n,} or n,m}, and returns how many numbers of times that allows.
func (p *patternParser) bounds() (ways int, err error) {
	least, ok := p.number()
	most := least
	if p.take(",") {
		if most = maxRepeat; p.rest != "" && p.rest[0] != '}' {
			var given bool
			most, given = p.number()
			ok = ok && given
		}
	}
	if !ok || !p.take("}") {
		return 0, p.fault(`must be {n}, {n,} or {n,m} with at most %d; for the character itself write \{`, maxRepeat)
	}
	if least > most {
		return 0, p.fault("%d is more than %d", least, most)
	}
	return min(most-least+1, openWays), nil
}

func (p *patternParser) number() (n int, ok bool) {
	for digits := 0; p.rest != "" && '0' <= p.rest[0] && p.rest[0] <= '9'; digits++ {
		if digits == 3 {
			return 0, false
		}
		n, ok = n*10+int(p.rest[0]-'0'), true
		p.rest = p.rest[1:]
	}
	return n, ok
}
