package store

import (
	"context"

	"playersync/db"
	"playersync/syncer"
)

// AntibotPatterns returns the patterns that are set, by kind.
func (s *Store) AntibotPatterns(ctx context.Context) ([]syncer.AntibotPattern, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	rows, err := s.queries.AntibotPatterns(ctx)
	patterns := make([]syncer.AntibotPattern, len(rows))
	for i, row := range rows {
		patterns[i] = patternOf(row)
	}
	return patterns, readError("read antibot patterns", err)
}

// SetAntibotPattern sets the pattern of a kind; see [syncer.CheckNamePattern] for
// those that are refused as invalid.
func (s *Store) SetAntibotPattern(ctx context.Context, kind syncer.PatternKind, pattern, by string) error {
	if err := syncer.CheckNamePattern(pattern); err != nil {
		return err
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	return writeError("set antibot pattern", s.queries.SetAntibotPattern(ctx, db.SetAntibotPatternParams{
		Kind: string(kind), Pattern: pattern, SetBy: by,
	}))
}

// ClearAntibotPattern removes the pattern of a kind; false if there was none.
func (s *Store) ClearAntibotPattern(ctx context.Context, kind syncer.PatternKind) (bool, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	n, err := s.queries.ClearAntibotPattern(ctx, string(kind))
	return n > 0, writeError("clear antibot pattern", err)
}

func patternOf(row db.AntibotPattern) syncer.AntibotPattern {
	return syncer.AntibotPattern{
		Kind: syncer.PatternKind(row.Kind), Pattern: row.Pattern, SetAt: timeOf(row.SetAt), SetBy: row.SetBy,
	}
}
