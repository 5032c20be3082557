//go:build !linux

package store

import "net"

// alive cannot look without waiting here; a dead session shows at the next use.
func alive(net.Conn) bool { return true }
