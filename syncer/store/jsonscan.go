package store

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"playersync/syncer"
)

// time reads null or what [syncer.ParseTime] takes.
func (s *scan) time() syncer.Time {
	if s.null() {
		return syncer.Time{}
	}
	t, err := syncer.ParseTime(s.string())
	if err != nil {
		s.giveUp()
	}
	return t
}

func (s *scan) optional() *string {
	if s.null() {
		return nil
	}
	text := s.own()
	return &text
}

func (s *scan) strings() []string {
	members := make([]string, 0, 4)
	s.list(func() { members = append(members, s.own()) })
	return members
}

// known reads one of two texts.
func (s *scan) known(a, b string) string {
	switch text := s.string(); text {
	case a:
		return a
	case b:
		return b
	}
	s.giveUp()
	return ""
}

// shortText is a length in bytes up to which a whole notification may be kept in
// memory for the sake of a part of it.
const shortText = 1024

// own reads a text that may be kept.
func (s *scan) own() string { return s.keep(s.string()) }

// keep makes of a part of the whole a text that may be kept.
func (s *scan) keep(text string) string {
	if len(s.text) <= shortText {
		return text
	}
	return strings.Clone(text)
}

// string reads a text without escapes. It is part of the whole and keeps that in
// memory.
func (s *scan) string() string {
	if !s.take('"') {
		s.giveUp()
		return ""
	}
	ascii := true
	for i := s.at; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			text := s.text[s.at:i]
			s.at = i + 1
			if !ascii && !utf8.ValidString(text) {
				s.giveUp()
			}
			return text
		case c == '\\' || c < ' ':
			s.giveUp()
			return ""
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	s.giveUp()
	return ""
}

// natural reads a whole number that is not negative.
func (s *scan) natural() int64 {
	s.space()
	return s.digits()
}

func (s *scan) digits() int64 {
	start := s.at
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
	}
	digits := s.text[start:s.at]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(digits) > 1 && digits[0] == '0' {
		s.giveUp()
	}
	return n
}

func (s *scan) bool() bool {
	switch {
	case s.word("true"):
		return true
	case s.word("false"):
		return false
	}
	s.giveUp()
	return false
}

func (s *scan) null() bool { return s.word("null") }

// raw returns a copy of an object of any content.
func (s *scan) raw() json.RawMessage {
	s.space()
	start, depth, quoted := s.at, 0, false
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case quoted && c == '\\':
			s.at++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	s.at = min(s.at+1, len(s.text))
	raw := json.RawMessage(s.text[start:s.at])
	if len(raw) == 0 || raw[0] != '{' || string(raw) != "{}" && !json.Valid(raw) {
		s.giveUp()
	}
	return raw
}

// object calls field at each value of an object.
func (s *scan) object(field func(key string)) {
	s.sequence('{', '}', func() {
		key := s.string()
		if !s.take(':') {
			s.giveUp()
			return
		}
		field(key)
	})
}

// list calls item at each value of an array.
func (s *scan) list(item func()) { s.sequence('[', ']', item) }

func (s *scan) sequence(opening, closing byte, item func()) {
	if !s.take(opening) {
		s.giveUp()
		return
	}
	if s.take(closing) {
		return
	}
	for !s.stuck {
		item()
		if s.take(closing) {
			return
		}
		if !s.take(',') {
			s.giveUp()
		}
	}
}

// take goes past a character if it comes next.
func (s *scan) take(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// word goes past a word if it comes next.
func (s *scan) word(w string) bool {
	s.space()
	if strings.HasPrefix(s.text[s.at:], w) {
		s.at += len(w)
		return true
	}
	return false
}

func (s *scan) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\n' || s.text[s.at] == '\t' ||
		s.text[s.at] == '\r') {
		s.at++
	}
}

// ended goes to the end and reports whether everything was read.
func (s *scan) ended() bool {
	s.space()
	return !s.stuck && s.at == len(s.text)
}

// giveUp ends the scan: nothing comes next any more.
func (s *scan) giveUp() { s.stuck, s.at = true, len(s.text) }
