package httpapi

import "encoding/json"

// scanner walks the entries of one object or list. The text must be valid JSON,
// which [parse] has checked: so it only looks for where things end.
type scanner struct {
	rest []byte
}

// entries returns a scanner for what lies between the brackets of an object or list.
func entries(raw json.RawMessage) scanner {
	s := scanner{rest: raw[1 : len(raw)-1]}
	s.space()
	return s
}

// more reports whether there is another entry.
func (s *scanner) more() bool { return len(s.rest) > 0 }

// name cuts off a member's name with its quotes, and the colon behind it.
func (s *scanner) name() json.RawMessage {
	name := s.cut(textEnd(s.rest))
	s.mark()
	return name
}

// value cuts off a value, and the comma behind it.
func (s *scanner) value() json.RawMessage {
	value := s.cut(valueEnd(s.rest))
	if s.more() {
		s.mark()
	}
	return value
}

func (s *scanner) cut(n int) json.RawMessage {
	raw := s.rest[:n:n]
	s.rest = s.rest[n:]
	s.space()
	return json.RawMessage(raw)
}

// mark passes a colon or comma.
func (s *scanner) mark() {
	s.rest = s.rest[1:]
	s.space()
}

func (s *scanner) space() {
	for len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\n' || s.rest[0] == '\t' || s.rest[0] == '\r') {
		s.rest = s.rest[1:]
	}
}

// textEnd returns the length of the string that b begins with.
func textEnd(b []byte) int {
	for i := 1; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// valueEnd returns the length of the value that b begins with.
func valueEnd(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i += textEnd(b[i:]) - 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return len(b)
}
