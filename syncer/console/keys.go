package console

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// keyLasts is how long a one-time link is good.
const keyLasts = 15 * time.Minute

// keys are those of one-time links. It is safe for concurrent use.
type keys struct {
	now func() time.Time

	mu    sync.Mutex
	until map[[sha256.Size]byte]time.Time
}

func newKeys(now func() time.Time) *keys {
	return &keys{now: now, until: map[[sha256.Size]byte]time.Time{}}
}

// draw makes a key that is good once.
func (k *keys) draw() string {
	key := rand.Text()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.until[sha256.Sum256([]byte(key))] = k.now().Add(keyLasts)
	return key
}

// use reports whether a key is good, which it is not any more then.
func (k *keys) use(key string) bool {
	digest := sha256.Sum256([]byte(key))
	k.mu.Lock()
	defer k.mu.Unlock()
	until, known := k.until[digest]
	delete(k.until, digest)
	return known && k.now().Before(until)
}
