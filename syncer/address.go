package syncer

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"
)

// ParsePrefix reads an address or a CIDR range, IPv4 or IPv6, and returns it
// masked and with IPv4-mapped addresses turned into IPv4. A zone is refused: it
// names an interface of one machine. So are host bits behind a range, since
// they are more often a typing error than meant.
func ParsePrefix(text string) (netip.Prefix, error) {
	if address, zone, found := strings.Cut(text, "%"); found {
		_, length, _ := strings.Cut(zone, "/")
		return netip.Prefix{}, refuseZone(text, strings.TrimSuffix(address+"/"+length, "/"))
	}
	if !strings.Contains(text, "/") {
		address, err := ParseAddress(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		return TargetAddress(address).Prefix, nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, Invalid("ip", "%q is not an address or CIDR range%s",
			text, suggestion(text, " such as 203.0.113.0/24"))
	}
	if prefix.Addr().Is4In6() {
		if prefix.Bits() < 96 {
			return netip.Prefix{}, Invalid("ip", "%q mixes IPv4 and IPv6", text)
		}
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	if prefix != prefix.Masked() {
		return netip.Prefix{}, Invalid("ip", "%q has bits beyond its length; did you mean %s or %s?",
			text, prefix.Masked(), prefix.Addr())
	}
	return prefix, nil
}

// refuseZone says of a text with a zone what it is without: plain.
func refuseZone(text, plain string) error {
	if _, ok := bare(plain); !ok {
		return Invalid("ip", "%q is not an address%s", text, anAddress)
	}
	return Invalid("ip", "%q has a zone, which names an interface of one machine; write %s", text, plain)
}

// anAddress is what to write where it cannot be told what was meant.
const anAddress = " such as 203.0.113.7"

// ParseAddress reads one IPv4 or IPv6 address as a game server sees it: IPv4-mapped ones
// become IPv4, and a zone is dropped, which names an interface of that machine.
func ParseAddress(text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(text)
	if err == nil {
		return address.Unmap().WithZone(""), nil
	}
	if _, err := netip.ParsePrefix(text); err == nil {
		return netip.Addr{}, Invalid("ip", "%q is a range of addresses, not one address", text)
	}
	return netip.Addr{}, Invalid("ip", "%q is not an address%s", text, suggestion(text, anAddress))
}

// LineOf returns the /64 of a single IPv6 address: what a provider usually gives one
// line, whose devices change addresses in it as they like. False for anything else.
func (t Target) LineOf() (netip.Prefix, bool) {
	if !t.Prefix.IsValid() || !t.Prefix.Addr().Is6() || !t.Prefix.IsSingleIP() {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(t.Prefix.Addr(), 64).Masked(), true
}

const (
	digits      = "0123456789"
	hexDigits   = digits + "abcdefABCDEF"
	letters     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	addressMark = ".:*/[]-, "
)

// looksLikeAddress reports whether a text is an address or a range, or is meant as one
// though it is none: 10.0.0.256, 203.0.113.*, 203.0.113.x, [2001:db8::5], http://198.51.100.8/.
func looksLikeAddress(text string) bool {
	text, _, _ = strings.Cut(strings.Map(plain, text), "%")
	if word, rest, found := strings.Cut(text, ":"); found && len(word) > 1 && strings.Trim(word, letters) == "" &&
		strings.Count(rest, ".") >= 3 {
		text = rest // ip:203.0.113.5
	}
	switch {
	case strings.Trim(text, digits+addressMark) == "":
		return strings.Contains(text, "::") || strings.ContainsAny(text, digits+"*") &&
			(strings.ContainsAny(text, ".:/") || strings.Count(text, ",") == 3)
	case strings.Trim(text, digits+addressMark+"xX") == "":
		return strings.Count(text, ".") >= 3
	case strings.Trim(text, hexDigits+addressMark) == "":
		return strings.Contains(text, ":")
	default:
		return strings.Contains(text, "::") && strings.Trim(text, digits+letters+":") == ""
	}
}

// Characters of addresses as keyboards of other scripts write them, and in ASCII.
const (
	foreignMarks = "０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹．。：／"
	plainMarks   = "012345678901234567890123456789..:/"
)

// plain returns a character of an address in ASCII.
func plain(r rune) rune {
	before, _, found := strings.Cut(foreignMarks, string(r))
	if !found {
		return r
	}
	return rune(plainMarks[utf8.RuneCountInString(before)])
}

// IsHost reports whether a text can be the address of a host or its name, without a port.
func IsHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	return text != "" && strings.Trim(text, letters+digits+"-._") == "" && !looksLikeAddress(text)
}

var hostShape = regexp.MustCompile(`^([0-9A-Za-z]([-0-9A-Za-z]*[0-9A-Za-z])?\.)+[A-Za-z]{2,}(:[0-9]*)?$`)

// LooksLikeHost reports whether a text is the name of a host on the internet, perhaps
// with a port, as example.org:25565.
func LooksLikeHost(text string) bool { return hostShape.MatchString(text) }
