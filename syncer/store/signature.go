package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"time"
)

const (
	signatureBytes = 16                 // of the HMAC, as the SQL function feed_send sends it in hex
	signatureText  = 2 * signatureBytes // characters before each message
	keyInterval    = time.Second        // between two reads of the key, however many forgeries arrive
)

// signature tells notifications of the SQL function feed_send from those of others. One
// goroutine uses it.
type signature struct {
	mac  hash.Hash
	sum  [sha256.Size]byte
	text []byte // of the message, kept for the next one
}

func newSignature(key []byte) *signature {
	return &signature{mac: hmac.New(sha256.New, key)}
}

// open returns the message of a payload and whether it is signed with the key.
func (s *signature) open(payload string) (message string, genuine bool) {
	if len(payload) < signatureText {
		return "", false
	}
	var claimed [signatureBytes]byte
	if _, err := hex.Decode(claimed[:], []byte(payload[:signatureText])); err != nil {
		return "", false
	}
	message = payload[signatureText:]
	s.text = append(s.text[:0], message...)
	s.mac.Reset()
	s.mac.Write(s.text)
	return message, hmac.Equal(s.mac.Sum(s.sum[:0])[:signatureBytes], claimed[:])
}
