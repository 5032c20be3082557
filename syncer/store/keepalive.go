package store

import (
	"net"
	"time"
)

// keepAlive finds a silent peer within 5 s of idleness.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 3 * time.Second, Interval: time.Second, Count: 2}

// sessionLimits let the server give up a session of ours that no longer answers, because its
// machine or the network is gone or the process hangs: the locks of its open transaction would
// keep everybody else waiting, for hours by the server's defaults.
var sessionLimits = map[string]string{
	"idle_in_transaction_session_timeout": "10s",
	"tcp_keepalives_idle":                 "5", // seconds
	"tcp_keepalives_interval":             "2",
	"tcp_keepalives_count":                "3",
	"tcp_user_timeout":                    "10s",
}
