package wire

import (
	"playersync/syncer"
	"playersync/syncer/mindustry"
)

// NamePattern is a pattern by which game servers know bots.
type NamePattern struct {
	Kind    mindustry.PatternKind `json:"kind"`
	Pattern string                `json:"pattern"` // "" once it is cleared
	SetAt   syncer.Time           `json:"setAt"`
	SetBy   Person                `json:"setBy"`
}

// NamePatternOf returns the pattern.
func NamePatternOf(p mindustry.AntibotPattern) NamePattern {
	return NamePattern{p.Kind, p.Pattern, p.SetAt, Person(p.SetBy)}
}
