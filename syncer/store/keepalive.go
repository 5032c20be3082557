package store

import (
	"net"
	"time"
)

// keepAlive finds a silent peer within 5 s of idleness.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 3 * time.Second, Interval: time.Second, Count: 2}
