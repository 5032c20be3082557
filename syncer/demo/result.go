package demo

// Result is the outcome of a story.
type Result struct {
	Holds      bool            `json:"holds"` // every claim of every chapter
	PostgreSQL string          `json:"postgresql"`
	Took       Millis          `json:"tookMs"`
	Chapters   []ChapterResult `json:"chapters"`
}

// ChapterResult is the outcome of one chapter.
type ChapterResult struct {
	Title string `json:"title"`
	Holds bool   `json:"holds"`
	Took  Millis `json:"tookMs"`
	Error string `json:"error,omitempty"` // why it could not continue
	Steps []Step `json:"steps"`
}

// Step is something that was done and timed, or a claim that was verified.
type Step struct {
	By   string  `json:"by,omitempty"` // survival, pvp, psql or poller
	What string  `json:"what"`
	Took *Millis `json:"tookMs,omitempty"` // from the moment the change was sent

	// Of a claim.
	Holds    *bool  `json:"holds,omitempty"`
	Expected string `json:"expected,omitempty"`
	Got      string `json:"got,omitempty"`
}

// Count returns the number of claims verified and of those that failed; a
// chapter that could not continue counts as one that failed.
func (r Result) Count() (claims, failed int) {
	for _, chapter := range r.Chapters {
		if chapter.Error != "" {
			claims, failed = claims+1, failed+1
		}
		for _, step := range chapter.Steps {
			if step.Holds == nil {
				continue
			}
			claims++
			if !*step.Holds {
				failed++
			}
		}
	}
	return claims, failed
}
