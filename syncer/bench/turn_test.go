package bench

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTurnLastsForATimeAndForItsOperations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		turn turn
		want int // operations of 2 s each
	}{
		"time is longer":        {turn{lasts: 5 * time.Second, operations: 1}, 3},
		"operations are longer": {turn{lasts: 5 * time.Second, operations: 4}, 4},
		"no time":               {turn{operations: 1}, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			did := 0
			for n := range c.turn.operation(time.Now()) {
				if n != did {
					t.Errorf("%s: operation %d has number %d", name, did, n)
				}
				did++
				<-time.After(2 * time.Second)
			}
			if did != c.want {
				t.Errorf("%s: %d operations, want %d", name, did, c.want)
			}
		})
	}
}
