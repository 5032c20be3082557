package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync/atomic"
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

// sign returns the payload of a message.
func (s *signature) sign(message string) (payload string) {
	return hex.EncodeToString(s.of(message)) + message
}

// of returns the signature of a message. It is valid until the next call.
func (s *signature) of(message string) []byte {
	s.text = append(s.text[:0], message...)
	s.mac.Reset()
	s.mac.Write(s.text)
	return s.mac.Sum(s.sum[:0])[:signatureBytes]
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
	return message, hmac.Equal(s.of(message), claimed[:])
}

// keys are for all who sign and verify beside the feed's connection, which reads the key.
// They are safe for concurrent use.
type keys struct{ newest atomic.Pointer[[]byte] }

func (k *keys) set(key []byte) { k.newest.Store(&key) }

// signature returns a new one; nil: no key was read yet.
func (k *keys) signature() *signature {
	key := k.newest.Load()
	if key == nil {
		return nil
	}
	return newSignature(*key)
}

// Sign returns the notification that says message; false: the feed has read no key yet.
func (s *Store) Sign(message string) (payload string, ok bool) {
	signature := s.keys.signature()
	if signature == nil {
		return "", false
	}
	return signature.sign(message), true
}

// Verify returns what a notification says, and whether it is signed with the key that the
// feed has read.
func (s *Store) Verify(payload string) (message string, genuine bool) {
	signature := s.keys.signature()
	if signature == nil {
		return "", false
	}
	return signature.open(payload)
}
