package httpapi

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/merge"
)

// appendRecord appends what encoding/json writes for wire.RecordOf(v, now), without
// reflection: this is what nearly every answer consists of. A property test holds
// the two equal in meaning.
func appendRecord(b []byte, v *merge.View, now time.Time) []byte {
	b = appendText(append(b, `{"uuid":`...), string(v.ID))
	b = appendText(append(b, `,"rank":`...), v.Rank)
	b = appendTexts(append(b, `,"flags":`...), v.Flags)
	b = appendTime(append(b, `,"unmuteTime":`...), v.UnmuteTime)
	b = appendText(append(b, `,"muteReason":`...), v.MuteReason)
	b = appendTime(append(b, `,"unmarkTime":`...), v.UnmarkTime)
	b = appendObject(append(b, `,"attributes":`...), v.Attributes)
	b = appendText(append(b, `,"name":`...), v.Name)
	b = appendOptional(append(b, `,"overrideName":`...), v.OverrideName)
	b = appendOptional(append(b, `,"highlight":`...), v.Highlight)
	b = appendRainbow(append(b, `,"rainbow":`...), v.Rainbow)
	b = appendText(append(b, `,"chatStrictness":`...), v.ChatStrictness)
	b = strconv.AppendBool(append(b, `,"showRankPrefix":`...), v.ShowRankPrefix)
	b = appendText(append(b, `,"language":`...), v.Language)
	b = appendOptional(append(b, `,"achievements":`...), v.Achievements)
	b = appendHistory(append(b, `,"history":`...), v.History)
	b = appendOptional(append(b, `,"usid":`...), v.USID)
	b = appendTime(append(b, `,"firstJoined":`...), v.FirstJoined)
	b = appendTime(append(b, `,"lastJoined":`...), v.LastJoined)
	b = appendCounters(append(b, `,"stats":`...), v.Stats)
	b = appendTime(append(b, `,"globalFirstJoined":`...), v.GlobalFirstJoined)
	b = appendTime(append(b, `,"globalLastJoined":`...), v.GlobalLastJoined)
	b = appendCounters(append(b, `,"globalStats":`...), v.GlobalStats)
	b = strconv.AppendInt(append(b, `,"revision":`...), v.Revision, 10)
	b = appendTime(append(b, `,"createdAt":`...), v.CreatedAt)
	b = strconv.AppendBool(append(b, `,"muted":`...), v.UnmuteTime.After(now))
	return append(b, '}')
}

func appendTexts(b []byte, texts []string) []byte {
	b = append(b, '[')
	for i, text := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, text)
	}
	return append(b, ']')
}

// appendText quotes s. Text that needs no escape, which is nearly all, is copied.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendJSON(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendOptional(b []byte, s *string) []byte {
	if s == nil {
		return append(b, "null"...)
	}
	return appendText(b, *s)
}

func appendTime(b []byte, t syncer.Time) []byte {
	instant, ok := t.Instant()
	switch {
	case ok:
		ms := instant.Nanosecond() / 1e6
		b = instant.AppendFormat(append(b, '"'), time.RFC3339) // has a faster path than other layouts
		return append(b[:len(b)-1], '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z', '"')
	case t.IsForever():
		return append(b, `"infinity"`...)
	default:
		return append(b, "null"...)
	}
}

func appendObject(b []byte, object json.RawMessage) []byte {
	if len(object) == 0 {
		return append(b, "{}"...)
	}
	return append(b, object...)
}

func appendRainbow(b []byte, r *syncer.Rainbow) []byte {
	if r == nil {
		return append(b, "null"...)
	}
	return append(strconv.AppendInt(append(b, `{"speed":`...), int64(r.Speed), 10), '}')
}

func appendHistory(b []byte, entries []syncer.HistoryEntry) []byte {
	b = append(b, '[')
	for i, entry := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(append(b, `{"action":`...), entry.Action)
		b = appendOptional(append(b, `,"by":`...), wire.Filled(entry.By))
		b = appendTime(append(b, `,"time":`...), entry.Time)
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendCounters(b []byte, counters map[string]int64) []byte {
	if counters == nil {
		return append(b, "null"...)
	}
	names := make([]string, 0, 16)
	for name := range counters {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = strconv.AppendInt(b, counters[name], 10)
	}
	return append(b, '}')
}

// appendJSON appends a value by way of encoding/json. The types of this package
// always marshal; attributes and the like are valid JSON since they were read.
func appendJSON(b []byte, v any) []byte {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic("httpapi: answer cannot be marshalled: " + err.Error())
	}
	return append(b, encoded...)
}
