package syncer

// Limits of a player's fields, in characters unless said otherwise. The database has the
// same limits as constraints; these exist so that a refusal can name the field.
const (
	MaxNameLength       = 512
	MaxMarkupLength     = 512
	MaxMuteReasonLength = 512
	MaxUSIDLength       = 256
	MaxHistoryText      = 512
	MaxBitsLength       = 4096
	MaxAttributesBytes  = 64 << 10
	MaxFlags            = 256
	MaxRainbowSpeed     = 1000
	MaxCounters         = 256
	MaxHistoryPerChange = 1000
	MaxHistory          = 10_000 // entries stored of a player; only the database counts them
	HistoryShown        = 500    // newest entries that a record has; the queries have the same number
)

// MaxCounter is the largest value of a counter, and its negative the smallest:
// what a JSON number carries exactly (2^53 - 1).
const MaxCounter int64 = 1<<53 - 1
