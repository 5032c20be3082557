package syncer

import "fmt"

// MaxUnconfirmedPlayers is how many known players a ban may meet without being confirmed.
const MaxUnconfirmedPlayers = 100

// Lengths of the widest ranges that are banned without being confirmed.
const (
	widestIPv4 = 8
	widestIPv6 = 32
)

// IsWide reports whether the target is a range wider than /8 in IPv4 or /32 in IPv6, as
// 0.0.0.0/0 is: a ban of it must be confirmed.
func (t Target) IsWide() bool {
	return t.Prefix.IsValid() && t.Prefix.Bits() < t.widest()
}

func (t Target) widest() int {
	if t.Prefix.Addr().Is4() {
		return widestIPv4
	}
	return widestIPv6
}

// CheckConfirmed returns unconfirmed for a ban that is wide or meets many players: more
// than a slip of the hand may keep out.
func (p BanPreview) CheckConfirmed() error {
	many := p.Count > MaxUnconfirmedPlayers
	if !p.Target.IsWide() && !many {
		return nil
	}
	why := fmt.Sprintf("meets more than %d known players", MaxUnconfirmedPlayers)
	if p.Target.IsWide() {
		why = fmt.Sprintf("is wider than /%d", p.Target.widest())
	}
	return unconfirmed("%s %s (known players it meets: %d, online now: %d)", p.Target, why, p.Count, p.Online)
}

// UnconfirmedUncounted returns the refusal of a ban whose players are too many to be
// counted in time.
func UnconfirmedUncounted(target Target) error {
	return unconfirmed("%s meets more known players than could be counted in time", target)
}

func unconfirmed(format string, args ...any) error {
	return &Error{Code: CodeUnconfirmed, Message: fmt.Sprintf(format, args...) + "; such a ban must be confirmed"}
}
