package fishapi

import (
	"bytes"
	"encoding/json"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry/fishjson"
)

// record is the JSON form of a player in an answer. What is left out, the plugin
// keeps as it has it; overrideName is the one field that null clears.
type record struct {
	UUID           syncer.PlayerID `json:"uuid"`
	Rank           string          `json:"rank"`
	Flags          []string        `json:"flags"`
	UnmuteTime     int64           `json:"unmuteTime"`
	UnmarkTime     int64           `json:"unmarkTime"`
	Name           string          `json:"name,omitempty"`
	OverrideName   *string         `json:"overrideName"`
	Highlight      *string         `json:"highlight"`
	Rainbow        *syncer.Rainbow `json:"rainbow"`
	History        []entry         `json:"history"` // oldest first
	ChatStrictness string          `json:"chatStrictness"`
	Language       string          `json:"language"`
	ShowRankPrefix bool            `json:"showRankPrefix"`
	Achievements   string          `json:"achievements,omitempty"` // "" would throw there
	USID           string          `json:"usid,omitempty"`         // "" would lock the player out

	LastJoined        *int64           `json:"lastJoined,omitempty"`
	FirstJoined       *int64           `json:"firstJoined,omitempty"`
	Stats             map[string]int64 `json:"stats,omitempty"`
	GlobalLastJoined  *int64           `json:"globalLastJoined,omitempty"`
	GlobalFirstJoined *int64           `json:"globalFirstJoined,omitempty"` // never -1, which counts as long ago
	GlobalStats       map[string]int64 `json:"globalStats,omitempty"`
}

// entry is the JSON form of one moderation action.
type entry struct {
	Action string `json:"action"`
	By     string `json:"by"`
	Time   int64  `json:"time"`
}

// appendRecord appends the answer for a known player.
func appendRecord(to []byte, v merge.View) []byte {
	r := record{
		UUID: v.ID, Rank: v.Rank, Flags: append([]string{}, v.Flags...),
		UnmuteTime: until(v.UnmuteTime), UnmarkTime: until(v.UnmarkTime),
		Name: v.Name, OverrideName: v.OverrideName, Highlight: v.Highlight, Rainbow: v.Rainbow,
		History: make([]entry, len(v.History)), ChatStrictness: v.ChatStrictness,
		Language: v.Language, ShowRankPrefix: v.ShowRankPrefix,
		LastJoined: moment(v.LastJoined), FirstJoined: moment(v.FirstJoined), Stats: counters(v.Stats),
		GlobalLastJoined: moment(v.GlobalLastJoined), GlobalFirstJoined: moment(v.GlobalFirstJoined),
		GlobalStats: counters(v.GlobalStats),
	}
	for i, e := range v.History {
		r.History[i] = entry{Action: e.Action, By: e.By, Time: until(e.Time)}
	}
	if v.Achievements != nil {
		r.Achievements = *v.Achievements
	}
	if v.USID != nil {
		r.USID = *v.USID
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		panic(err) // it holds nothing that JSON lacks
	}
	return append(to, bytes.TrimRight(out.Bytes(), "\n")...)
}

// until returns a time up to which something holds.
func until(t syncer.Time) int64 {
	ms, instant := t.Millis()
	switch {
	case instant:
		return min(ms, fishjson.Forever)
	case t.IsForever():
		return fishjson.Forever
	default:
		return fishjson.NoTime
	}
}

// moment returns a time that is left out where it is not known.
func moment(t syncer.Time) *int64 {
	if ms, instant := t.Millis(); instant {
		return &ms
	}
	return nil
}

// counters returns all counters, or none where nothing was counted.
func counters(stats map[string]int64) map[string]int64 {
	if len(stats) == 0 {
		return nil
	}
	all := make(map[string]int64, len(fishjson.CounterNames))
	for _, name := range fishjson.CounterNames {
		all[name] = stats[name]
	}
	return all
}
