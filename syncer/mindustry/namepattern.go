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
)

// CheckNamePattern returns an [syncer.Error] unless the regular expression keeps to the
// rule in the comment of antibot_pattern.pattern: a subset of what Java's
// java.util.regex compiles, in which every construct means the same there as it
// looks. The database has the same rule. It says nothing about how long a match
// takes.
func CheckNamePattern(pattern string) error {
	if n := utf8.RuneCountInString(pattern); n < 1 || n > maxPattern {
		return syncer.Invalid("pattern", "must have 1 to %d characters, has %d", maxPattern, n)
	}
	if !utf8.ValidString(pattern) {
		return syncer.Invalid("pattern", "is not valid UTF-8")
	}
	p := patternParser{rest: pattern, whole: pattern}
	if !p.take("(?iu)") {
		p.take("(?i)")
	}
	if err := p.alternatives(); err != nil {
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

// alternatives reads up to the end or a closing parenthesis.
func (p *patternParser) alternatives() error {
	for p.rest != "" && p.rest[0] != ')' {
		if err := p.piece(); err != nil {
			return err
		}
	}
	return nil
}

// piece reads one element with the quantifier behind it, or a |.
func (p *patternParser) piece() error {
	if slices.ContainsFunc([]string{"|", "^", "$", `\b`, `\B`}, p.take) {
		return nil
	}
	repeatable, err := p.atom()
	if err != nil || !repeatable {
		return err
	}
	return p.quantifier()
}

// atom reads what a quantifier may follow, or a look-ahead, which none may.
func (p *patternParser) atom() (repeatable bool, err error) {
	switch c := p.rest[0]; c {
	case '(':
		return p.group()
	case '[':
		return true, p.set()
	case '\\':
		if p.class() {
			return true, nil
		}
		_, err := p.single()
		return true, err
	case '.':
		p.take(".")
		return true, nil
	case '*', '+', '?', '{':
		return false, p.fault(`there is nothing that %c could repeat; for the character itself write \%[1]c`, c)
	case ']', '}':
		return false, p.fault(`write \%c for the character itself`, c)
	}
	_, err = p.single()
	return true, err
}

func (p *patternParser) group() (repeatable bool, err error) {
	opening := *p
	if p.groups++; p.groups > maxPatternGroups {
		return false, p.fault("must have at most %d groups", maxPatternGroups)
	}
	p.take("(")
	repeatable = true
	switch {
	case p.take("?:"):
	case p.take("?="), p.take("?!"):
		repeatable = false
	}
	if err := p.alternatives(); err != nil {
		return false, err
	}
	if !p.take(")") {
		return false, opening.fault("this ( is never closed")
	}
	return repeatable, nil
}

// quantifier reads one, if it comes next.
func (p *patternParser) quantifier() error {
	switch {
	case p.take("*"), p.take("+"), p.take("?"):
	case p.take("{"):
		if err := p.bounds(); err != nil {
			return err
		}
	default:
		return nil
	}
	if !p.take("?") {
		p.take("+")
	}
	return nil
}

// bounds reads n}, n,} or n,m}.
func (p *patternParser) bounds() error {
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
		return p.fault(`must be {n}, {n,} or {n,m} with at most %d; for the character itself write \{`, maxRepeat)
	}
	if least > most {
		return p.fault("%d is more than %d", least, most)
	}
	return nil
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
