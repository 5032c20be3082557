package httpapi

import (
	"context"
	"net/http"

	"playersync/syncer/httpapi/wire"
	"playersync/syncer/mindustry"
)

// registerAntibot adds the operations on the names of bots.
func (s *Server) registerAntibot() {
	declare(s, route{
		http.MethodGet, "/v1/antibot-patterns", "list-antibot-patterns", tagStaff,
		"Read the patterns by which game servers know bots",
		"From the database. An event of the type `antibot` tells when one changes.",
		replies{200: "Those that are set."},
		stored,
	}, s.listPatterns)
	declare(s, route{
		http.MethodPut, "/v1/antibot-patterns/{kind}", "set-antibot-pattern", tagStaff,
		"Set the pattern of a kind",
		"Game servers keep out players whose whole name matches the `blacklist` pattern, and watch those who match " +
			"the `graylist` pattern. A pattern that Java may refuse, or that a long name could freeze a server with, " +
			"is refused.",
		replies{200: "The pattern as it is stored."},
		stored,
	}, s.setPattern)
	declare(s, route{
		http.MethodDelete, "/v1/antibot-patterns/{kind}", "clear-antibot-pattern", tagStaff,
		"Clear the pattern of a kind",
		"Names are not compared with it any more.",
		replies{204: "No pattern of the kind is set."},
		storedOr(http.StatusNotFound),
	}, s.clearPattern)
}

// Patterns is what the API needs of the patterns by which game servers know bots;
// *sidecar.Patterns is one.
type Patterns interface {
	AntibotPatterns(ctx context.Context) ([]mindustry.AntibotPattern, error)
	SetPattern(
		ctx context.Context, kind mindustry.PatternKind, pattern, by string,
	) (mindustry.AntibotPattern, error)
	ClearPattern(ctx context.Context, kind mindustry.PatternKind) error
}

func (s *Server) listPatterns(ctx context.Context, _ *struct{}) (*result[wire.NamePatterns], error) {
	patterns, err := s.deps.Patterns.AntibotPatterns(ctx)
	return &result[wire.NamePatterns]{wire.NamePatternsOf(patterns)}, err
}

// OnePattern is part of the input of an operation on the pattern of a kind.
type OnePattern struct {
	Kind patternKind `path:"kind" maxLength:"9" example:"blacklist" doc:"blacklist or graylist."`
}

// patternKind is the kind of a pattern in a path.
type patternKind struct{ mindustry.PatternKind }

// UnmarshalText reads the kind.
func (k *patternKind) UnmarshalText(text []byte) (err error) {
	k.PatternKind, err = mindustry.ParsePatternKind(string(text))
	return bare(err)
}

type setPatternInput struct {
	OnePattern
	Author
	Body wire.NewNamePattern `doc:"The pattern."`
}

func (s *Server) setPattern(ctx context.Context, in *setPatternInput) (*result[wire.NamePattern], error) {
	set, err := s.deps.Patterns.SetPattern(ctx, in.Kind.PatternKind, in.Body.Pattern, in.Body.By)
	return &result[wire.NamePattern]{wire.NamePatternOf(set)}, err
}

type clearPatternInput struct {
	OnePattern
	Author
}

func (s *Server) clearPattern(ctx context.Context, in *clearPatternInput) (*struct{}, error) {
	return &struct{}{}, s.deps.Patterns.ClearPattern(ctx, in.Kind.PatternKind)
}
