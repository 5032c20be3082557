package syncer

// Effect is what a change or a reading did to the copies in memory.
type Effect uint8

// The effects.
const (
	// EffectNone: the copies are as before. Either they include the change
	// already, or nobody keeps what it is about.
	EffectNone Effect = iota

	// EffectApplied: a copy has changed and now includes the change.
	EffectApplied

	// EffectNeedsRead: the change alone does not tell the new state. The key, or
	// the whole table if the change is whole, must be read again by a statement
	// that starts after this answer. Until then the copy may lag behind.
	EffectNeedsRead
)
