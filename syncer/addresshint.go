package syncer

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// suggestion ends a message about a text that is no address with what to write in its
// place. Where that cannot be told it is otherwise.
func suggestion(text, otherwise string) string {
	switch meant, exact := meantBy(tidied(text)); {
	case !meant.IsValid():
		return otherwise
	case exact:
		return "; write " + Target{Prefix: meant}.IP()
	default:
		return "; the smallest range that holds it is " + meant.String()
	}
}

var zerosInFront = regexp.MustCompile(`(^|\.)0+(\d)`)

// tidied undoes what keyboards, forms and browsers do to an address.
func tidied(text string) string {
	text = strings.TrimSpace(strings.Map(plain, text))
	if _, rest, found := strings.Cut(text, "://"); found {
		text = rest
	}
	text = strings.TrimSuffix(text, "/")
	if strings.Trim(text, digits+",") == "" {
		text = strings.ReplaceAll(text, ",", ".")
	}
	if strings.Trim(text, digits+".xX") == "" {
		text = zerosInFront.ReplaceAllString(strings.NewReplacer("x", "*", "X", "*").Replace(text), "$1$2")
	}
	return text
}

// meantBy returns the address or range that a text means in the ways of other
// programs, and whether it is no more than what is meant; the zero value for none.
func meantBy(text string) (meant netip.Prefix, exact bool) {
	if prefix, ok := bare(text); ok {
		return prefix, true
	}
	if from, to, found := strings.Cut(text, "-"); found {
		return between(strings.TrimSpace(from), strings.TrimSpace(to))
	}
	if before, after, found := strings.Cut(text, "/"); found {
		last, ok := bare(after)
		if first, masked := bare(before); ok && masked {
			return withMask(first.Addr(), last.Addr()), true
		}
		return last, true // a host's name or nothing in front, as Java writes addresses
	}
	return wildcard(text), true
}

// bare reads an address or range without the brackets and the port around it.
func bare(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix.Masked(), true
	}
	if address, err := netip.ParseAddrPort(text); err == nil {
		return TargetAddress(address.Addr()).Prefix, true
	}
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		return netip.Prefix{}, false
	}
	return TargetAddress(address).Prefix, true
}

// between returns the smallest range that holds both ends. The second may be the last
// number only, as in 203.0.113.1-9.
func between(from, to string) (meant netip.Prefix, exact bool) {
	if i := strings.LastIndexByte(from, '.'); !strings.ContainsAny(to, ".:") {
		to = from[:i+1] + to
	}
	first, err := netip.ParseAddr(from)
	if err != nil {
		return netip.Prefix{}, false
	}
	last, err := netip.ParseAddr(to)
	if err != nil || first.BitLen() != last.BitLen() || last.Less(first) {
		return netip.Prefix{}, false
	}
	for bits := first.BitLen(); ; bits-- {
		meant = netip.PrefixFrom(first, bits).Masked()
		if meant.Contains(last) {
			return meant, meant.Addr() == first && !meant.Contains(last.Next())
		}
	}
}

// withMask reads an address with the mask of its network, as 255.255.255.0.
func withMask(address, mask netip.Addr) netip.Prefix {
	if address.BitLen() != mask.BitLen() {
		return netip.Prefix{}
	}
	ones := mask.AsSlice()
	bits := 0
	for bits < len(ones)*8 && ones[bits/8]<<(bits%8)&0x80 != 0 {
		bits++
	}
	if netip.PrefixFrom(mask, bits).Masked().Addr() != mask {
		return netip.Prefix{} // ones behind zeros
	}
	return netip.PrefixFrom(address, bits).Masked()
}

// wildcard reads the beginning of an address, with or without stars behind it:
// 203.0.113, 203.0.113.* or 203.*.*.*.
func wildcard(text string) netip.Prefix {
	separator, size, base, most := ".", 8, 10, 4
	if strings.Contains(text, ":") {
		separator, size, base, most = ":", 16, 16, 8
	}
	groups := strings.Split(strings.TrimSuffix(text, separator), separator)
	for len(groups) > 0 && groups[len(groups)-1] == "*" {
		groups = groups[:len(groups)-1]
	}
	if len(groups) == 0 || len(groups) >= most || len(groups) < 3 && !strings.Contains(text, "*") {
		return netip.Prefix{}
	}
	for _, group := range groups {
		if _, err := strconv.ParseUint(group, base, size); err != nil {
			return netip.Prefix{}
		}
	}
	bits := len(groups) * size
	for len(groups) < most {
		groups = append(groups, "0")
	}
	address, err := netip.ParseAddr(strings.Join(groups, separator))
	if err != nil {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(address, bits)
}
