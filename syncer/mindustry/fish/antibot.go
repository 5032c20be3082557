package fish

import (
	"errors"
	"log/slog"
	"sync"

	"playersync/syncer"
	"playersync/syncer/mindustry"
)

// Antibot is the name patterns by which game servers know bots.
type Antibot struct {
	held Patterns
	log  *slog.Logger

	mu      sync.Mutex
	checked map[mindustry.PatternKind]checkedPattern
}

// Patterns is the copy of the patterns in memory.
type Patterns interface {
	Pattern(kind mindustry.PatternKind) (pattern string, known bool)
}

type checkedPattern struct {
	pattern string
	ok      bool
}

// NewAntibot returns the patterns held.
func NewAntibot(held Patterns, log *slog.Logger) *Antibot {
	return &Antibot{held: held, log: log, checked: map[mindustry.PatternKind]checkedPattern{}}
}

// Patterns returns both patterns, nil where none is set. One that breaks the rule,
// because somebody lifted the database's constraint, is not given to game servers
// but logged: it could make every one of them fail every two seconds. Error:
// database_unavailable if the patterns have not been read yet.
func (a *Antibot) Patterns() (blacklist, graylist *string, err error) {
	if _, known := a.held.Pattern(mindustry.PatternBlacklist); !known {
		return nil, nil, syncer.Unavailable(errors.New("the patterns have not been read yet"))
	}
	return a.sound(mindustry.PatternBlacklist), a.sound(mindustry.PatternGraylist), nil
}

// sound returns the pattern of a kind if there is one and it keeps to the rule.
func (a *Antibot) sound(kind mindustry.PatternKind) *string {
	pattern, _ := a.held.Pattern(kind)
	if pattern == "" {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if known := a.checked[kind]; known.pattern != pattern {
		err := mindustry.CheckNamePattern(pattern)
		a.checked[kind] = checkedPattern{pattern, err == nil}
		if err != nil {
			a.log.Error("a name pattern in antibot_pattern breaks the rule and is not given to game servers",
				"kind", kind, "error", err)
		}
	}
	if !a.checked[kind].ok {
		return nil
	}
	return &pattern
}
