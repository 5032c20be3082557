package console

import (
	"maps"
	"net/netip"
	"sync"
	"time"
)

// tries bounds how often passwords may be guessed: in each minute so many wrong ones for one
// name, and twice as many from one address. Right ones count too until they were found to be
// right, so that guesses at the same time do not get past it. It is safe for concurrent use.
type tries struct {
	most int
	now  func() time.Time

	mu     sync.Mutex
	minute time.Time
	counts map[string]int
}

func newTries(most int, now func() time.Time) *tries {
	return &tries{most: most, now: now, counts: map[string]int{}}
}

// take counts a try, unless there were too many in this minute.
func (t *tries) take(name, remote string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if minute := t.now().Truncate(time.Minute); !minute.Equal(t.minute) {
		t.minute, t.counts = minute, map[string]int{}
	}
	byName, byAddress := nameKey(name), addressKey(remote)
	if t.counts[byName] >= t.most || t.counts[byAddress] >= 2*t.most {
		return false
	}
	t.counts[byName]++
	t.counts[byAddress]++
	return true
}

// succeeded takes back a try that was right.
func (t *tries) succeeded(name, remote string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range []string{nameKey(name), addressKey(remote)} {
		t.counts[key]--
	}
	maps.DeleteFunc(t.counts, func(_ string, count int) bool { return count <= 0 })
}

func nameKey(name string) string { return "name " + name }

// addressKey is the address of a peer; addresses that one machine has many of count as one.
func addressKey(remote string) string {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return "address"
	}
	address := peer.Addr().Unmap().WithZone("")
	bits := address.BitLen()
	if address.Is6() && !address.IsLoopback() {
		bits = 64
	}
	return "address " + netip.PrefixFrom(address, bits).Masked().String()
}
