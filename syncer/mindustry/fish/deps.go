package fish

import "time"

// Clock is what the feed knows of time.
type Clock interface {
	Now() time.Time // the database's clock
}
