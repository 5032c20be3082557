package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"playersync/syncer"
)

// copyActiveBans is not a generated query, since sqlc has no COPY TO. Reading the same
// rows by a query takes three times as long.
const copyActiveBans = `
copy (
    select uuid, ip, expires_at, revision
    from ban
    where lifted_at is null
) to stdout (format binary)`

// copyHeader is the length of the binary COPY header without extensions:
// signature, flags, extension length. PostgreSQL documentation, COPY, "File Formats".
const copyHeader = 11 + 4 + 4

// activeBanReader decodes the binary COPY of copyActiveBans. Bytes may arrive in
// pieces of any size; only what is incomplete is kept between them.
type activeBanReader struct {
	keep    func(syncer.ActiveBan)
	rest    []byte
	started bool
	ended   bool
}

// Write decodes as many whole rows as have arrived.
func (r *activeBanReader) Write(data []byte) (int, error) {
	pending := data
	if len(r.rest) > 0 {
		r.rest = append(r.rest, data...)
		pending = r.rest
	}
	if !r.started {
		if len(pending) < copyHeader {
			r.rest = append([]byte(nil), pending...)
			return len(data), nil
		}
		pending = pending[copyHeader:]
		r.started = true
	}
	for !r.ended {
		used, err := r.row(pending)
		if err != nil {
			return 0, err
		}
		if used == 0 {
			break
		}
		pending = pending[used:]
	}
	r.rest = append(r.rest[:0:0], pending...)
	return len(data), nil
}

// end reports an error if the copy stopped before its trailer.
func (r *activeBanReader) end() error {
	if !r.ended {
		return errors.New("copy of bans ended early")
	}
	return nil
}

// row decodes one row and returns its length, or 0 if it has not arrived whole.
func (r *activeBanReader) row(data []byte) (int, error) {
	if len(data) < 2 {
		return 0, nil
	}
	columns := int16(binary.BigEndian.Uint16(data))
	if columns == -1 {
		r.ended = true
		return 2, nil
	}
	if columns != 4 {
		return 0, fmt.Errorf("copy of bans has %d columns", columns)
	}
	var fields [4][]byte
	at := 2
	for i := range fields {
		if len(data) < at+4 {
			return 0, nil
		}
		length := int(int32(binary.BigEndian.Uint32(data[at:])))
		at += 4
		if length < 0 { // NULL
			continue
		}
		if len(data) < at+length {
			return 0, nil
		}
		fields[i] = data[at : at+length]
		at += length
	}
	ban, err := decodeActiveBan(fields)
	if err != nil {
		return 0, err
	}
	r.keep(ban)
	return at, nil
}

func decodeActiveBan(fields [4][]byte) (syncer.ActiveBan, error) {
	var s syncer.ActiveBan
	if uuid := fields[0]; uuid != nil {
		s.Target.ID = syncer.PlayerID(uuid)
	} else {
		prefix, err := decodeInet(fields[1])
		if err != nil {
			return s, err
		}
		s.Target.Prefix = prefix
	}
	if expires := fields[2]; expires != nil {
		if len(expires) != 8 {
			return s, errors.New("copy of bans: bad time")
		}
		s.ExpiresAt = decodeTime(int64(binary.BigEndian.Uint64(expires)))
	}
	if len(fields[3]) != 8 {
		return s, errors.New("copy of bans: bad revision")
	}
	s.Revision = int64(binary.BigEndian.Uint64(fields[3]))
	return s, nil
}

// postgresEpoch is where binary timestamps count from, in microseconds since 1970.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// decodeTime reads the binary form of timestamptz; its largest value is infinity.
func decodeTime(micros int64) syncer.Time {
	if micros == math.MaxInt64 {
		return syncer.Forever
	}
	return syncer.TimeOf(time.UnixMicro(postgresEpoch + micros))
}

// decodeInet reads the binary form of inet: family, bits, is_cidr, length, bytes.
func decodeInet(data []byte) (netip.Prefix, error) {
	if len(data) < 4 {
		return netip.Prefix{}, errors.New("copy of bans: bad address")
	}
	address, ok := netip.AddrFromSlice(data[4:])
	prefix := netip.PrefixFrom(address, int(data[1]))
	if !ok || !prefix.IsValid() {
		return netip.Prefix{}, errors.New("copy of bans: bad address")
	}
	return prefix, nil
}
