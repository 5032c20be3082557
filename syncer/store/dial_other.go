//go:build !linux

package store

import (
	"net"
	"time"
)

// dialer relies on keepalives where TCP_USER_TIMEOUT is not to be had.
func dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: timeout, KeepAliveConfig: keepAlive}
}
