package cache

import (
	"math"

	"playersync/syncer"
)

// idForm says how the text of an id follows from 16 bytes.
type idForm uint8

const (
	formText   idForm = iota // not at all: the text itself is kept
	formBase64               // 22 characters of base64 and "==", as Mindustry sends
	formUUID                 // lower-case RFC 4122, as Minecraft sends
)

const (
	base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	hexDigits    = "0123456789abcdef"
	noDigit      = math.MaxUint8
)

var (
	base64Values = digitValues(base64Digits)
	hexValues    = digitValues(hexDigits)
)

func digitValues(digits string) (values [256]uint8) {
	for i := range values {
		values[i] = noDigit
	}
	for i := range len(digits) {
		values[digits[i]] = uint8(i)
	}
	return values
}

// packID returns the 16 bytes from which unpackID makes exactly this id, or
// formText if there are none.
func packID(id syncer.PlayerID) (idForm, [16]byte) {
	switch len(id) {
	case 24:
		if packed, ok := packBase64(id); ok {
			return formBase64, packed
		}
	case 36:
		if packed, ok := packUUID(id); ok {
			return formUUID, packed
		}
	}
	return formText, [16]byte{}
}

// unpackID is the inverse of packID.
func unpackID(form idForm, packed [16]byte) syncer.PlayerID {
	if form == formBase64 {
		return unpackBase64(packed)
	}
	return unpackUUID(packed)
}

func packBase64(id syncer.PlayerID) (packed [16]byte, ok bool) {
	if id[22] != '=' || id[23] != '=' {
		return packed, false
	}
	var seen uint8
	for i := range 5 {
		a, b := base64Values[id[4*i]], base64Values[id[4*i+1]]
		c, d := base64Values[id[4*i+2]], base64Values[id[4*i+3]]
		seen |= a | b | c | d
		packed[3*i], packed[3*i+1], packed[3*i+2] = a<<2|b>>4, b<<4|c>>2, c<<6|d
	}
	a, b := base64Values[id[20]], base64Values[id[21]]
	seen |= a | b
	packed[15] = a<<2 | b>>4
	// Digits have 6 bits; the last one's low 4 are not part of the 16 bytes.
	return packed, seen < 64 && b&15 == 0
}

func unpackBase64(packed [16]byte) syncer.PlayerID {
	var text [24]byte
	for i := range 5 {
		a, b, c := packed[3*i], packed[3*i+1], packed[3*i+2]
		text[4*i], text[4*i+1] = base64Digits[a>>2], base64Digits[a&3<<4|b>>4]
		text[4*i+2], text[4*i+3] = base64Digits[b&15<<2|c>>6], base64Digits[c&63]
	}
	text[20], text[21] = base64Digits[packed[15]>>2], base64Digits[packed[15]&3<<4]
	text[22], text[23] = '=', '='
	return syncer.PlayerID(text[:])
}

// uuidBytes are the places of the 16 bytes in the text.
var uuidBytes = [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

func packUUID(id syncer.PlayerID) (packed [16]byte, ok bool) {
	if id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return packed, false
	}
	var seen uint8
	for i, at := range uuidBytes {
		high, low := hexValues[id[at]], hexValues[id[at+1]]
		seen |= high | low
		packed[i] = high<<4 | low
	}
	return packed, seen < 16
}

func unpackUUID(packed [16]byte) syncer.PlayerID {
	text := [36]byte{8: '-', 13: '-', 18: '-', 23: '-'}
	for i, at := range uuidBytes {
		text[at], text[at+1] = hexDigits[packed[i]>>4], hexDigits[packed[i]&15]
	}
	return syncer.PlayerID(text[:])
}
