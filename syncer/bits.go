package syncer

import (
	"strconv"
	"strings"
)

// Bits is a growing set of bits, the unlocked achievements, in signed 64-bit
// words. Its text, "[0]" or "[-9223372036854775808,12]", is kept as text
// everywhere, because JSON numbers would lose bits.
type Bits []int64

// maxWordDigits is how many digits the longest word has.
const maxWordDigits = len("9223372036854775808")

// ParseBits reads the text form; it refuses anything but a list of signed 64-bit
// decimal words. One space may follow a comma: the database takes no other form.
func ParseBits(text string) (Bits, error) {
	inner, ok := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !ok || !closed {
		return nil, Invalid("achievements", "must look like \"[0]\": 64-bit words in brackets")
	}
	words := strings.Split(inner, ",")
	bits := make(Bits, len(words))
	for i, word := range words {
		if i > 0 {
			word = strings.TrimPrefix(word, " ")
		}
		value, err := strconv.ParseInt(word, 10, 64)
		if err != nil || word[0] == '+' || len(strings.TrimPrefix(word, "-")) > maxWordDigits {
			return nil, Invalid("achievements", "word %d is not a signed 64-bit number", i+1)
		}
		bits[i] = value
	}
	return bits, nil
}

// String returns the text form, without spaces.
func (b Bits) String() string {
	var text strings.Builder
	text.WriteByte('[')
	for i, word := range b {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(strconv.FormatInt(word, 10))
	}
	text.WriteByte(']')
	return text.String()
}

// Unite returns the bits set in either.
func (b Bits) Unite(other Bits) Bits {
	if len(b) < len(other) {
		b, other = other, b
	}
	united := append(Bits{}, b...)
	for i, word := range other {
		united[i] |= word
	}
	return united
}

// Contains reports whether every bit of other is set in b.
func (b Bits) Contains(other Bits) bool {
	for i, word := range other {
		if i >= len(b) && word != 0 || i < len(b) && word&^b[i] != 0 {
			return false
		}
	}
	return true
}
