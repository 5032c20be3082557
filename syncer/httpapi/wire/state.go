package wire

// Health says that the process lives.
type Health struct {
	Status string `json:"status" enum:"ok" doc:"The process lives." example:"ok"`
}

// Readiness says whether a sidecar follows the database.
type Readiness struct {
	Ready     bool     `json:"ready" example:"true" doc:"Whether this sidecar follows the database."`
	Reasons   []string `json:"reasons" example:"[]" doc:"Why it does not."`
	Notices   []string `json:"notices" example:"[]" doc:"What is not as it should be although it does."`
	Staleness int64    `json:"staleness" example:"3" doc:"Milliseconds since it last knew itself current."`
}
