package mindustry

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// classesOfCharacters are what \p{…} may name.
var classesOfCharacters = []string{
	"L", "Lu", "Ll", "M", "N", "Nd", "P", "S", "Z",
	"IsLatin", "IsGreek", "IsCyrillic", "IsHebrew", "IsArabic", "IsHan", "IsHiragana", "IsKatakana", "IsHangul",
	"IsThai",
}

// class goes past \d and the like if that comes next.
func (p *patternParser) class() bool {
	if len(p.rest) < 2 || p.rest[0] != '\\' {
		return false
	}
	switch p.rest[1] {
	case 'd', 'D', 'w', 'W', 's', 'S':
		p.rest = p.rest[2:]
		return true
	case 'p', 'P':
		name, rest, closed := strings.Cut(p.rest[2:], "}")
		name, opened := strings.CutPrefix(name, "{")
		if opened && closed && slices.Contains(classesOfCharacters, name) {
			p.rest = rest
			return true
		}
	}
	return false
}

// single reads one character, as it is or behind a backslash.
func (p *patternParser) single() (rune, error) {
	r, size := utf8.DecodeRuneInString(p.rest)
	if r < ' ' || r == 0x7f {
		return 0, p.fault("must not hold control characters")
	}
	if r != '\\' {
		p.rest = p.rest[size:]
		return r, nil
	}
	if len(p.rest) > 1 && isPunctuation(p.rest[1]) {
		r = rune(p.rest[1])
		p.rest = p.rest[2:]
		return r, nil
	}
	if len(p.rest) >= 6 && p.rest[1] == 'u' {
		code, err := strconv.ParseUint(p.rest[2:6], 16, 16)
		if err == nil && (code < 0xd800 || code > 0xdfff) {
			p.rest = p.rest[6:]
			return rune(code), nil
		}
	}
	return 0, p.fault(`this \ begins nothing that is allowed`)
}

// isPunctuation reports whether c is a visible ASCII character but no letter or digit.
func isPunctuation(c byte) bool {
	return '!' <= c && c <= '/' || ':' <= c && c <= '@' || '[' <= c && c <= '`' || '{' <= c && c <= '~'
}

// set reads […] or [^…].
func (p *patternParser) set() error {
	opening := *p
	p.take("[")
	p.take("^")
	if p.take("]") {
		return opening.fault("this set is empty")
	}
	for !p.take("]") {
		if p.rest == "" {
			return opening.fault("this [ is never closed")
		}
		if err := p.member(); err != nil {
			return err
		}
	}
	return nil
}

// member reads one character of a set, a range or a class.
func (p *patternParser) member() error {
	if p.class() {
		return nil
	}
	start := *p
	low, err := p.literal()
	if err != nil || !p.take("-") {
		return err
	}
	if p.rest == "" || p.rest[0] == ']' {
		return p.fault(`this range has no end; for the character itself write \-`)
	}
	high, err := p.literal()
	if err == nil && low > high {
		return start.fault("this range runs backwards")
	}
	return err
}

// literal reads one character of a set that has no meaning of its own there.
func (p *patternParser) literal() (rune, error) {
	if c := p.rest[0]; strings.IndexByte("[]^&-", c) >= 0 {
		return 0, p.fault(`write \%c for the character itself in a set`, c)
	}
	return p.single()
}
