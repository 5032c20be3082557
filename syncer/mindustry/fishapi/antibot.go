package fishapi

import (
	"encoding/json"
	"fmt"
)

// Antibot is what the protocol needs of the name patterns; *fish.Antibot is one.
type Antibot interface {
	Patterns() (blacklist, graylist *string, err error)
}

// antibotRoutes are the endpoints of the name patterns.
var antibotRoutes = []route{{"GET", "/antibotData", (*Handler).antibotData}}

// antibotData answers from memory. A server that gets an error keeps what it has.
func (h *Handler) antibotData(c *call) error {
	blacklist, graylist, err := h.deps.Antibot.Patterns()
	if err != nil {
		return err
	}
	answer, err := json.Marshal(struct {
		Blacklist *string `json:"nameBlacklistRegex"`
		Graylist  *string `json:"nameGraylistRegex"`
	}{blacklist, graylist})
	if err != nil {
		return fmt.Errorf("encode patterns: %w", err)
	}
	return c.json(answer)
}
