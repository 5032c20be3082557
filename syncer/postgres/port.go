package postgres

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range that systems hand out to outgoing
// connections: a server that restarts must find its port free.
const (
	lowestPort  = 20000
	highestPort = 32000
)

// freePort finds a port of 127.0.0.1 on which nobody listens at the moment.
func freePort() (int, error) {
	for range 100 {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		if checkPort(port) == nil {
			return port, nil
		}
	}
	return 0, errors.New("find a free port: all that were tried are taken")
}

// checkPort reports why the server could not listen on a port.
func checkPort(port int) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("listen on port %d: %w", port, err)
	}
	return listener.Close()
}
