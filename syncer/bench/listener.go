package bench

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
)

// listeners are connections that wait for the bare table's notifications.
type listeners struct {
	conns   []*pgx.Conn
	running sync.WaitGroup
	stop    context.CancelFunc
}

// listen opens count connections that report each payload.
func listen(ctx context.Context, address string, count int, to *finish) (*listeners, error) {
	waiting, stop := context.WithCancel(context.WithoutCancel(ctx))
	l := &listeners{stop: stop}
	for range count {
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			l.close()
			return nil, fmt.Errorf("connect bare listener: %w", err)
		}
		l.conns = append(l.conns, conn)
		if _, err := conn.Exec(ctx, "listen "+bareChannel); err != nil {
			l.close()
			return nil, fmt.Errorf("listen barely: %w", err)
		}
		l.running.Go(func() { receive(waiting, conn, to) })
	}
	return l, nil
}

// receive reports until ctx ends. A connection that breaks ends it too, and then
// the next race.
func receive(ctx context.Context, conn *pgx.Conn, to *finish) {
	place := runner{finish: to}
	for {
		notification, err := conn.WaitForNotification(ctx)
		if err != nil {
			return
		}
		place.sees(notification.Payload)
	}
}

func (l *listeners) close() {
	l.stop()
	l.running.Wait()
	for _, conn := range l.conns {
		_ = conn.Close(context.Background()) // scratch: nothing depends on a farewell
	}
}
