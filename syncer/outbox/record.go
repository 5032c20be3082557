package outbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"

	"playersync/syncer"
)

var errNoTarget = errors.New("a ban without a target")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal returns data behind its checksum: bbolt protects its own pages only against
// torn writes, not against a disk that returns other bytes.
func seal(data []byte) []byte {
	record := make([]byte, 0, 4+len(data))
	record = binary.BigEndian.AppendUint32(record, crc32.Checksum(data, castagnoli))
	return append(record, data...)
}

// unseal returns the data if the checksum fits. It shares memory with record.
func unseal(record []byte) ([]byte, error) {
	if len(record) < 4 {
		return nil, fmt.Errorf("%w: a record of %d bytes", ErrCorrupt, len(record))
	}
	data := record[4:]
	if binary.BigEndian.Uint32(record) != crc32.Checksum(data, castagnoli) {
		return nil, fmt.Errorf("%w: the checksum does not fit", ErrCorrupt)
	}
	return data, nil
}

// The first byte of a ban says what follows: id (length and text) or address
// (4 or 16 bytes, then the length of the prefix); if there is an instant,
// milliseconds; the revision.
const (
	targetID byte = iota
	targetIPv4
	targetIPv6

	targetMask    byte = 0x0f
	expiresAt     byte = 0x10
	neverExpires  byte = 0x20 // [syncer.Forever], as opposed to no expiry at all
	expiryFlagged      = expiresAt | neverExpires
)

// appendBan appends a ban's stored form.
func appendBan(to []byte, ban syncer.ActiveBan) ([]byte, error) {
	var expiry byte
	ms, timed := ban.ExpiresAt.Millis()
	switch {
	case timed:
		expiry = expiresAt
	case ban.ExpiresAt.IsForever():
		expiry = neverExpires
	}
	address := ban.Target.Prefix.Addr()
	switch {
	case ban.Target.ID != "":
		to = append(to, targetID|expiry)
		to = append(binary.AppendUvarint(to, uint64(len(ban.Target.ID))), ban.Target.ID...)
	case address.Is4():
		to = append(to, targetIPv4|expiry)
		to = append(append(to, address.AsSlice()...), byte(ban.Target.Prefix.Bits()))
	case address.Is6():
		to = append(to, targetIPv6|expiry)
		to = append(append(to, address.AsSlice()...), byte(ban.Target.Prefix.Bits()))
	default:
		return nil, errNoTarget
	}
	if timed {
		to = binary.AppendVarint(to, ms)
	}
	return binary.AppendVarint(to, ban.Revision), nil
}

// decodeBan reads the ban at the start of data and returns what follows it.
func decodeBan(data []byte) (ban syncer.ActiveBan, rest []byte, ok bool) {
	if len(data) == 0 {
		return ban, nil, false
	}
	flags, data := data[0], data[1:]
	switch flags & targetMask {
	case targetID:
		length, n := binary.Uvarint(data)
		if n <= 0 || length == 0 || length > uint64(len(data)-n) {
			return ban, nil, false
		}
		end := n + int(length)
		ban.Target, data = syncer.TargetID(syncer.PlayerID(data[n:end])), data[end:]
	case targetIPv4, targetIPv6:
		size := 4
		if flags&targetMask == targetIPv6 {
			size = 16
		}
		if len(data) <= size {
			return ban, nil, false
		}
		address, _ := netip.AddrFromSlice(data[:size])
		ban.Target.Prefix, data = netip.PrefixFrom(address, int(data[size])), data[size+1:]
	}
	switch flags & expiryFlagged {
	case expiresAt:
		ms, n := binary.Varint(data)
		if n <= 0 {
			return ban, nil, false
		}
		ban.ExpiresAt, data = syncer.Millis(ms), data[n:]
	case neverExpires:
		ban.ExpiresAt = syncer.Forever
	}
	revision, n := binary.Varint(data)
	if n <= 0 || ban.Target.ID == "" && !ban.Target.Prefix.IsValid() {
		return ban, nil, false
	}
	ban.Revision = revision
	return ban, data[n:], true
}
