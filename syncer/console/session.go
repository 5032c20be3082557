package console

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"sync"
	"time"

	"playersync/syncer"
)

// session is one person's stay in one browser. Only its rights and times change.
type session struct {
	id    [sha256.Size]byte // of the token that the browser keeps: the token itself is nowhere else
	csrf  string            // that every changing request must carry
	name  string            // of the login, for whom the person acts
	owner bool              // came by the one-time link, and has no login

	mu      sync.Mutex
	rights  syncer.Rights
	created time.Time
	used    time.Time
	checked time.Time // when the rights were last asked for
}

// Rights returns what the person may see and do.
func (s *session) Rights() syncer.Rights {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rights
}

// carries reports whether a request's token is the session's.
func (s *session) carries(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.csrf)) == 1
}

// mostSessions bounds the memory that sessions take; the least used one makes room.
const mostSessions = 1000

// sessions are all that have not ended. They are in memory only: a restart signs everybody
// out. It is safe for concurrent use.
type sessions struct {
	idle, absolute time.Duration
	now            func() time.Time

	mu   sync.Mutex
	byID map[[sha256.Size]byte]*session
}

func newSessions(idle, absolute time.Duration, now func() time.Time) *sessions {
	return &sessions{idle: idle, absolute: absolute, now: now, byID: map[[sha256.Size]byte]*session{}}
}

// begin makes a session and the token by which it is found again.
func (s *sessions) begin(name string, owner bool, rights syncer.Rights) (token string, begun *session) {
	now := s.now()
	token = rand.Text() + rand.Text()
	begun = &session{
		id: sha256.Sum256([]byte(token)), csrf: rand.Text(), name: name, owner: owner, rights: rights,
		created: now, used: now, checked: now,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	s.byID[begun.id] = begun
	return token, begun
}

// find returns the session of a token and notes that it is used, nil if there is none. What a
// page asks for by itself is no use.
func (s *sessions) find(token string, used bool) *session {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.byID[sha256.Sum256([]byte(token))]
	if found == nil {
		return nil
	}
	if s.isOver(found, now) {
		delete(s.byID, found.id)
		return nil
	}
	if used {
		found.mu.Lock()
		found.used = now
		found.mu.Unlock()
	}
	return found
}

// end ends a session.
func (s *sessions) end(ended *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, ended.id)
}

func (s *sessions) isOver(one *session, now time.Time) bool {
	one.mu.Lock()
	defer one.mu.Unlock()
	return now.Sub(one.used) >= s.idle || now.Sub(one.created) >= s.absolute
}

// forget drops sessions that are over and makes room for one. The caller holds s.mu.
func (s *sessions) forget(now time.Time) {
	maps.DeleteFunc(s.byID, func(_ [sha256.Size]byte, one *session) bool { return s.isOver(one, now) })
	for len(s.byID) >= mostSessions {
		var least *session
		for _, one := range s.byID {
			if least == nil || one.used.Before(least.used) {
				least = one
			}
		}
		delete(s.byID, least.id)
	}
}
