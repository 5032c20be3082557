package wire

import (
	"playersync/syncer/mindustry"
)

import "playersync/syncer"

// NewNamePattern sets a pattern by which game servers know bots.
type NewNamePattern struct {
	Pattern string `json:"pattern" maxLength:"1000" example:"(?i)bot[\\-_ ]?\\d+" doc:"A regular expression of Java that the whole name must match, of the subset that syncer antibot --help tells."`
	By      string `json:"by,omitempty" maxLength:"512" example:"Alice" doc:"Who sets it; absent: what Syncer-By says."`
}

// NamePattern is a pattern by which game servers know bots.
type NamePattern struct {
	Kind    mindustry.PatternKind `json:"kind" enum:"blacklist,graylist" example:"blacklist" doc:"blacklist: names are kept out; graylist: they are watched."`
	Pattern string                `json:"pattern" example:"(?i)bot[\\-_ ]?\\d+" doc:"A regular expression of Java that the whole name must match; empty once it is cleared."`
	SetAt   syncer.Time           `json:"setAt" example:"2030-01-02T03:04:05.000Z" doc:"Since when; null once it is cleared."`
	SetBy   Person                `json:"setBy" nullable:"true" example:"Alice" doc:"Who set it; null once it is cleared."`
}

// NamePatternOf returns the pattern.
func NamePatternOf(p mindustry.AntibotPattern) NamePattern {
	return NamePattern{p.Kind, p.Pattern, p.SetAt, Person(p.SetBy)}
}

// NamePatterns are the patterns that are set.
type NamePatterns struct {
	Patterns []NamePattern `json:"patterns" doc:"The patterns, by kind; at most one of each."`
}

// NamePatternsOf returns the patterns.
func NamePatternsOf(patterns []mindustry.AntibotPattern) NamePatterns {
	out := NamePatterns{make([]NamePattern, len(patterns))}
	for i, p := range patterns {
		out.Patterns[i] = NamePatternOf(p)
	}
	return out
}
