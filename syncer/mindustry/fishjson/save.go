package fishjson

import (
	"encoding/json"
	"strconv"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// Save reads the fields of a player: absolute values. A member that is missing says
// nothing, and neither does a null where null is no value: a number that JavaScript
// could not compute arrives as one. The error is a [syncer.Error] that names the
// member.
func (o Object) Save() (merge.Save, error) {
	var s merge.Save
	fields := []func() error{
		into(&s.Rank, o.OptionalText, "rank"),
		into(&s.Flags, o.texts, "flags"),
		into(&s.UnmuteTime, o.Until, "unmuteTime"),
		into(&s.UnmarkTime, o.Until, "unmarkTime"),
		into(&s.Name, o.OptionalText, "name"),
		into(&s.OverrideName, o.Clearable, "overrideName"),
		into(&s.Highlight, o.Clearable, "highlight"),
		into(&s.Rainbow, o.rainbow, "rainbow"),
		into(&s.ChatStrictness, o.OptionalText, "chatStrictness"),
		into(&s.ShowRankPrefix, o.Flag, "showRankPrefix"),
		into(&s.Language, o.OptionalText, "language"),
		into(&s.USID, o.Clearable, "usid"),
		func() (err error) { s.Achievements, err = o.achievements(); return err },
		func() (err error) { s.History, err = o.history(); return err },
		func() (err error) { s.Stats, err = o.stats(); return err },
		func() (err error) { s.FirstJoined, err = o.moment("firstJoined"); return err },
		func() (err error) { s.LastJoined, err = o.moment("lastJoined"); return err },
	}
	for _, read := range fields {
		if err := read(); err != nil {
			return merge.Save{}, err
		}
	}
	return s, nil
}

func into[T any](to *syncer.Optional[T], read func(string) (syncer.Optional[T], error), name string) func() error {
	return func() (err error) {
		*to, err = read(name)
		return err
	}
}

// Optional reads a member that may be missing or null; kind says in an error what
// it must be.
func Optional[T any](o Object, name, kind string) (syncer.Optional[T], error) {
	if !o.Has(name) {
		return syncer.Optional[T]{}, nil
	}
	var value T
	if json.Unmarshal(o[name], &value) != nil {
		return syncer.Optional[T]{}, syncer.Invalid(name, "must be %s", kind)
	}
	return syncer.Some(value), nil
}

// OptionalText reads a text that may be missing or null.
func (o Object) OptionalText(name string) (syncer.Optional[string], error) {
	return Optional[string](o, name, "a text")
}

// Flag reads a boolean that may be missing or null.
func (o Object) Flag(name string) (syncer.Optional[bool], error) {
	return Optional[bool](o, name, "true or false")
}

// texts reads a list of texts.
func (o Object) texts(name string) (syncer.Optional[[]string], error) {
	list, err := Optional[[]*string](o, name, "a list of texts")
	if !list.Set || err != nil {
		return syncer.Optional[[]string]{}, err
	}
	texts := make([]string, len(list.Value))
	for i, text := range list.Value {
		if text == nil {
			return syncer.Optional[[]string]{}, syncer.Invalid(name, "must be a list of texts")
		}
		texts[i] = *text
	}
	return syncer.Some(texts), nil
}

// Clearable reads a text that null clears; the empty text is none either.
func (o Object) Clearable(name string) (syncer.Optional[*string], error) {
	if value, found := o[name]; found && IsNull(value) {
		return syncer.Some[*string](nil), nil
	}
	text, err := o.OptionalText(name)
	switch {
	case err != nil || !text.Set:
		return syncer.Optional[*string]{}, err
	case text.Value == "":
		return syncer.Some[*string](nil), nil
	default:
		return syncer.Some(&text.Value), nil
	}
}

func (o Object) rainbow(name string) (syncer.Optional[*syncer.Rainbow], error) {
	if value, found := o[name]; found && IsNull(value) {
		return syncer.Some[*syncer.Rainbow](nil), nil
	}
	rainbow, err := Optional[Object](o, name, "an object with a speed")
	if err != nil || !rainbow.Set {
		return syncer.Optional[*syncer.Rainbow]{}, err
	}
	speed, err := Number(name+".speed", rainbow.Value["speed"])
	if err != nil {
		return syncer.Optional[*syncer.Rainbow]{}, err
	}
	return syncer.Some(&syncer.Rainbow{Speed: int(min(max(speed, 0), syncer.MaxRainbowSpeed+1))}), nil
}

// achievements reads a text that is never cleared.
func (o Object) achievements() (syncer.Optional[*string], error) {
	text, err := o.OptionalText("achievements")
	if err != nil || !text.Set {
		return syncer.Optional[*string]{}, err
	}
	return syncer.Some(&text.Value), nil
}

// Until reads a time up to which something holds, which may be missing or null.
func (o Object) Until(name string) (syncer.Optional[syncer.Time], error) {
	if !o.Has(name) {
		return syncer.Optional[syncer.Time]{}, nil
	}
	ms, err := Number(name, o[name])
	switch {
	case err != nil:
		return syncer.Optional[syncer.Time]{}, err
	case ms < 0:
		return syncer.Some(syncer.Time{}), nil
	case ms >= Forever:
		return syncer.Some(syncer.Forever), nil
	default:
		return syncer.Some(syncer.Millis(ms)), nil
	}
}

// moment reads when something happened, none if that is not known.
func (o Object) moment(name string) (syncer.Time, error) {
	t, err := o.Until(name)
	return t.Value, err
}

// history reads the moderation actions; nil where the upload says nothing of them.
func (o Object) history() ([]syncer.HistoryEntry, error) {
	list, err := Optional[[]Object](o, "history", "a list of objects")
	if err != nil || !list.Set {
		return nil, err
	}
	entries := make([]syncer.HistoryEntry, len(list.Value))
	for i, member := range list.Value {
		field := "history[" + strconv.Itoa(i) + "]"
		action, err := member.Text("action")
		if err != nil {
			return nil, syncer.Invalid(field+".action", "must be a text")
		}
		by, err := member.OptionalText("by")
		if err != nil {
			return nil, syncer.Invalid(field+".by", "must be a text")
		}
		ms, err := Number(field+".time", member["time"])
		if err != nil {
			return nil, err
		}
		if ms >= Forever {
			return nil, syncer.Invalid(field+".time", "must be an instant")
		}
		entries[i] = syncer.HistoryEntry{Action: action, By: by.Value, Time: syncer.Millis(ms)}
	}
	return entries, nil
}

// stats reads the counters that the plugin has; one that is null is missing.
func (o Object) stats() (map[string]int64, error) {
	stats, err := Optional[Object](o, "stats", "an object")
	if err != nil || !stats.Set {
		return nil, err
	}
	counters := map[string]int64{}
	for _, name := range CounterNames {
		if !stats.Value.Has(name) {
			continue
		}
		if counters[name], err = Number("stats."+name, stats.Value[name]); err != nil {
			return nil, err
		}
	}
	return counters, nil
}
