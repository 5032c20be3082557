package sidecar

import (
	"context"

	"playersync/syncer"
	"playersync/syncer/mindustry"
)

// Patterns are the name patterns by which game servers know bots. It is safe for
// concurrent use.
type Patterns struct {
	PatternReads

	store PatternStore
}

// PatternReads are the reads of name patterns that need no rule of this package; the
// store has them.
type PatternReads interface {
	// AntibotPatterns returns the patterns that are set, by kind.
	AntibotPatterns(ctx context.Context) ([]mindustry.AntibotPattern, error)
}

// PatternStore is what name patterns need of the database.
type PatternStore interface {
	PatternReads
	SetAntibotPattern(
		ctx context.Context, kind mindustry.PatternKind, pattern, by string,
	) (mindustry.AntibotPattern, error)
	ClearAntibotPattern(ctx context.Context, kind mindustry.PatternKind) (cleared bool, err error)
}

// NewPatterns returns the patterns in the store.
func NewPatterns(store PatternStore) *Patterns { return &Patterns{PatternReads: store, store: store} }

// SetPattern sets the pattern of a kind and returns it as it is stored. By is who sets it:
// without a name the person in the context or, without one, the login of the database. Every
// sidecar, this one included, is notified of it by the feed. Errors: invalid,
// database_unavailable, outcome_unknown.
func (p *Patterns) SetPattern(
	ctx context.Context, kind mindustry.PatternKind, pattern, by string,
) (mindustry.AntibotPattern, error) {
	if err := mindustry.CheckNamePattern(pattern); err != nil {
		return mindustry.AntibotPattern{}, err
	}
	if err := syncer.CheckAuthor("by", by); err != nil {
		return mindustry.AntibotPattern{}, err
	}
	return p.store.SetAntibotPattern(ctx, kind, pattern, by)
}

// ClearPattern removes the pattern of a kind. Errors: not_found if none is set,
// database_unavailable, outcome_unknown.
func (p *Patterns) ClearPattern(ctx context.Context, kind mindustry.PatternKind) error {
	cleared, err := p.store.ClearAntibotPattern(ctx, kind)
	if err == nil && !cleared {
		return syncer.NotFound("no %s pattern is set", kind)
	}
	return err
}
