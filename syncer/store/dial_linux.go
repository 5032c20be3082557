package store

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dialer gives up on a peer that leaves sent data unacknowledged for longer than
// timeout, instead of the many minutes that TCP retransmits by itself.
func dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{
		Timeout:         timeout,
		KeepAliveConfig: keepAlive,
		Control: func(_, _ string, raw syscall.RawConn) error {
			var failed error
			err := raw.Control(func(fd uintptr) {
				failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT,
					int(timeout.Milliseconds()))
			})
			if err != nil {
				return err
			}
			if failed == unix.ENOPROTOOPT || failed == unix.EOPNOTSUPP { // a unix socket
				return nil
			}
			return failed
		},
	}
}
