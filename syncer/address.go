package syncer

import (
	"net/netip"
	"strings"
	"unicode"
)

// ParsePrefix reads an address or a CIDR range, IPv4 or IPv6, and returns it
// masked and with IPv4-mapped addresses turned into IPv4. A zone is dropped: it
// names an interface of one machine. Host bits behind a range are refused, since
// they are more often a typing error than meant.
func ParsePrefix(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		address, err := ParseAddress(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		return TargetAddress(address).Prefix, nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, Invalid("ip", "%q is not an address or CIDR range%s", text, suggestion(text))
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

// ParseAddress reads one IPv4 or IPv6 address, without zone and with IPv4-mapped
// ones turned into IPv4.
func ParseAddress(text string) (netip.Addr, error) {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, Invalid("ip", "%q is not an address%s", text, suggestion(text))
	}
	return address.Unmap().WithZone(""), nil
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
	text, _, _ = strings.Cut(strings.Map(plainDigit, text), "%")
	if word, rest, found := strings.Cut(text, ":"); found && len(word) > 1 && strings.Trim(word, letters) == "" &&
		strings.Count(rest, ".") >= 3 {
		text = rest // ip:203.0.113.5
	}
	switch {
	case strings.Trim(text, digits+addressMark) == "":
		return strings.ContainsAny(text, digits) && (strings.ContainsAny(text, ".:/") || strings.Count(text, ",") == 3)
	case strings.Trim(text, digits+addressMark+"xX") == "":
		return strings.Count(text, ".") >= 3
	case strings.Trim(text, hexDigits+addressMark) == "":
		return strings.Contains(text, ":")
	default:
		return strings.Contains(text, "::") && strings.Trim(text, digits+letters+":") == ""
	}
}

// plainDigit turns digits of other scripts, such as full-width ones, into those of ASCII.
func plainDigit(r rune) rune {
	if r > unicode.MaxASCII && unicode.IsDigit(r) {
		return '0'
	}
	return r
}

// IsHost reports whether a text can be the address of a host or its name, without a port.
func IsHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	return text != "" && strings.Trim(text, letters+digits+"-._") == "" && !looksLikeAddress(text)
}

// LooksLikeHost reports whether a text is the name of a host on the internet, perhaps
// with a port, as example.org:25565.
func LooksLikeHost(text string) bool {
	host, port, _ := strings.Cut(text, ":")
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if strings.Trim(label, letters+digits+"-") != "" || strings.Trim(label, "-") != label ||
			label == "" {
			return false
		}
	}
	top := labels[len(labels)-1]
	return len(labels) > 1 && len(top) > 1 && strings.Trim(top, letters) == "" &&
		strings.Trim(port, digits) == ""
}
