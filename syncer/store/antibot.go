package store

import (
	"context"

	"playersync/db"
	"playersync/syncer/mindustry"
)

// AntibotPatterns returns the patterns that are set, by kind.
func (s *Store) AntibotPatterns(ctx context.Context) ([]mindustry.AntibotPattern, error) {
	rows, err := s.queries.AntibotPatterns(ctx)
	patterns := make([]mindustry.AntibotPattern, len(rows))
	for i, row := range rows {
		patterns[i] = patternOf(row)
	}
	return patterns, readError("read antibot patterns", err)
}

// SetAntibotPattern sets the pattern of a kind and returns it. Without by the context says
// who sets it, else the login of the database does. Errors: invalid for those that break the
// rule of [mindustry.CheckNamePattern].
func (s *Store) SetAntibotPattern(
	ctx context.Context, kind mindustry.PatternKind, pattern, by string,
) (mindustry.AntibotPattern, error) {
	row, err := s.queries.SetAntibotPattern(ctx, db.SetAntibotPatternParams{
		Kind: string(kind), Pattern: pattern, SetBy: s.writer(ctx, by).By,
	})
	return patternOf(row), writeError("set antibot pattern", err)
}

// ClearAntibotPattern removes the pattern of a kind; false if there was none.
func (s *Store) ClearAntibotPattern(ctx context.Context, kind mindustry.PatternKind) (bool, error) {
	n, err := s.queries.ClearAntibotPattern(ctx, string(kind))
	return s.done(ctx, "clear antibot pattern", n, err)
}

func patternOf(row db.AntibotPattern) mindustry.AntibotPattern {
	return mindustry.AntibotPattern{
		Kind: mindustry.PatternKind(row.Kind), Pattern: row.Pattern, SetAt: timeOf(row.SetAt), SetBy: row.SetBy,
	}
}
