package changefeed

// ApplyResult is what a change or a reading did to the copies in memory.
type ApplyResult uint8

// The results.
const (
	// Unchanged: the copies are as before. Either they include the change
	// already, or nobody keeps what it is about.
	Unchanged ApplyResult = iota

	// Applied: a copy has changed and now includes the change.
	Applied

	// NeedsRead: the change alone does not tell the new state. The key, or
	// the whole table if the change is whole, must be read again by a statement
	// that starts after this answer. Until then the copy may lag behind.
	NeedsRead
)
