package wire

import (
	"encoding/json"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// PlayerPatch is a JSON merge patch over the fields of a player; absent ones stay.
type PlayerPatch struct {
	Rank       syncer.Optional[string]         `json:"rank,omitzero" maxLength:"64" example:"admin" doc:"Rank."`
	Flags      syncer.Optional[FlagsChange]    `json:"flags,omitzero" maxItems:"256" example:"{\"add\":[\"trusted\"]}" doc:"The whole set, or what to add and remove."`
	UnmuteTime syncer.Optional[syncer.Time]    `json:"unmuteTime,omitzero" doc:"Muted until."`
	MuteReason syncer.Optional[string]         `json:"muteReason,omitzero" maxLength:"512" example:"spam" doc:"Why muted. Only with unmuteTime or muted, which without it leave no reason."`
	UnmarkTime syncer.Optional[syncer.Time]    `json:"unmarkTime,omitzero" doc:"Marked until."`
	Muted      syncer.Optional[bool]           `json:"muted,omitzero" example:"false" doc:"true mutes for ever, false unmutes. Not together with unmuteTime."`
	Attributes syncer.Optional[map[string]any] `json:"attributes,omitzero" example:"{\"economy\":{\"tier\":2}}" doc:"JSON merge patch (RFC 7396) over the object that holds one key per plugin."`
	OwnFields

	// Fields of the record that are never written.
	UUID              keyMember      `json:"uuid,omitzero" hidden:"true"`
	GlobalFirstJoined computedMember `json:"globalFirstJoined,omitzero" hidden:"true"`
	GlobalLastJoined  computedMember `json:"globalLastJoined,omitzero" hidden:"true"`
	GlobalStats       computedMember `json:"globalStats,omitzero" hidden:"true"`
	Revision          computedMember `json:"revision,omitzero" hidden:"true"`
	CreatedAt         computedMember `json:"createdAt,omitzero" hidden:"true"`
}

// Leave is what a server saves of a player who leaves: the fields, or a whole [Record].
type Leave struct {
	UUID syncer.Optional[string] `json:"uuid,omitzero" maxLength:"64" doc:"Must be the player of the path."`
	OwnFields

	// Fields of the record that a leave does not save.
	Rank              json.RawMessage `json:"rank,omitempty" doc:"Accepted, so that a whole record can be sent, and not saved. It shows that the server knows the player, which another usid of a privileged player needs."`
	Flags             PassedOver      `json:"flags,omitzero" doc:"Passed over."`
	UnmuteTime        PassedOver      `json:"unmuteTime,omitzero" doc:"Passed over."`
	MuteReason        PassedOver      `json:"muteReason,omitzero" doc:"Passed over."`
	UnmarkTime        PassedOver      `json:"unmarkTime,omitzero" doc:"Passed over."`
	Muted             PassedOver      `json:"muted,omitzero" doc:"Passed over."`
	Attributes        PassedOver      `json:"attributes,omitzero" doc:"Passed over."`
	GlobalFirstJoined PassedOver      `json:"globalFirstJoined,omitzero" doc:"Passed over."`
	GlobalLastJoined  PassedOver      `json:"globalLastJoined,omitzero" doc:"Passed over."`
	GlobalStats       PassedOver      `json:"globalStats,omitzero" doc:"Passed over."`
	Revision          json.RawMessage `json:"revision,omitempty" doc:"The revision of the record that the server holds. What is saved is compared with the state of that revision; any other value says nothing."`
	CreatedAt         PassedOver      `json:"createdAt,omitzero" doc:"Passed over."`
}

// OwnFields are what a server changes in passing: the unimportant fields, and what is kept
// per gamemode and address.
type OwnFields struct {
	Name           syncer.Optional[string]   `json:"name,omitzero" maxLength:"512" doc:"Name, colour tags included."`
	OverrideName   syncer.Optional[*string]  `json:"overrideName,omitzero" maxLength:"512" doc:"Name shown instead."`
	Highlight      syncer.Optional[*string]  `json:"highlight,omitzero" maxLength:"512" doc:"Markup put before chat messages."`
	Rainbow        syncer.Optional[*Rainbow] `json:"rainbow,omitzero" doc:"Colour effect on the name, null for none."`
	ChatStrictness syncer.Optional[string]   `json:"chatStrictness,omitzero" enum:"chat,strict" doc:"How strictly the chat filter judges."`
	ShowRankPrefix syncer.Optional[bool]     `json:"showRankPrefix,omitzero" doc:"Show the rank before the name."`
	Language       syncer.Optional[string]   `json:"language,omitzero" maxLength:"64" doc:"Language chosen by the player."`
	Achievements   syncer.Optional[*string]  `json:"achievements,omitzero" maxLength:"4096" doc:"Bit set of achievements; united with the stored one, null clears."`
	History        []NewHistoryEntry         `json:"history,omitempty" maxItems:"1000" doc:"Entries to add; nothing can be removed."`

	USID        syncer.Optional[*string] `json:"usid,omitzero" maxLength:"256" doc:"The client's proof of identity towards the asking server."`
	FirstJoined Instant                  `json:"firstJoined,omitzero" nullable:"true" format:"date-time" doc:"First join in the asking server's gamemode; only ever lowered."`
	LastJoined  Instant                  `json:"lastJoined,omitzero" nullable:"true" format:"date-time" doc:"Last join in the asking server's gamemode; only ever raised."`
	Stats       map[string]*int64        `json:"stats,omitempty" nullable:"true" example:"{\"blocksBroken\":121}" doc:"Counters of the asking server's gamemode: the values as the server has them. They only grow: one below what is known takes nothing away. Null says nothing."`
}

// NewHistoryEntry is a moderation action to add.
type NewHistoryEntry struct {
	Action string  `json:"action" maxLength:"512" example:"muted" doc:"What was done."`
	By     string  `json:"by" nullable:"true" maxLength:"512" example:"Steve" doc:"Who did it."`
	Time   Instant `json:"time,omitzero" nullable:"true" format:"date-time" doc:"When; now if absent."`
}

// FlagsChange is a whole set of flags, or what to add and remove.
type FlagsChange struct {
	Whole   []string // nil: Changes says what
	Changes FlagChanges
}

// FlagChanges are what to add and remove.
type FlagChanges struct {
	Add    []string `json:"add,omitempty" maxLength:"64" maxItems:"256" doc:"Flags to add."`
	Remove []string `json:"remove,omitempty" maxLength:"64" maxItems:"256" doc:"Flags to remove."`
}

// JSONTarget takes a list or an object.
func (f *FlagsChange) JSONTarget(kind byte) any {
	switch kind {
	case '[':
		return &f.Whole
	case '{':
		return &f.Changes
	default:
		return nil
	}
}

// JSONForms names both.
func (*FlagsChange) JSONForms() string { return `a list, or an object with "add" and "remove"` }

// MarshalJSON writes the form that is meant.
func (f FlagsChange) MarshalJSON() ([]byte, error) {
	if f.Whole != nil {
		return json.Marshal(f.Whole)
	}
	return json.Marshal(f.Changes)
}

// Members that no request may have.
type (
	keyMember      string
	computedMember string
)

// JSONRefusal says why.
func (keyMember) JSONRefusal() string { return "is the key and cannot be changed" }

// JSONRefusal says why.
func (computedMember) JSONRefusal() string { return "is computed and cannot be set" }

// Save returns the important fields that are given as well as the others, without flags
// and attributes that are not whole. Now is the database's clock.
func (p PlayerPatch) Save(now time.Time) (merge.Save, error) {
	save := p.saved(now)
	save.Rank, save.UnmuteTime, save.MuteReason, save.UnmarkTime = p.Rank, p.UnmuteTime, p.MuteReason, p.UnmarkTime
	if p.Flags.Value.Whole != nil {
		save.Flags = syncer.Some(p.Flags.Value.Whole)
	}
	switch {
	case p.Muted.Set && p.UnmuteTime.Set:
		return save, syncer.Invalid("muted", "says the same as unmuteTime; give one of them")
	case p.Muted.Set && p.Muted.Value:
		save.UnmuteTime = syncer.Some(syncer.Forever)
	case p.Muted.Set:
		save.UnmuteTime = syncer.Some(syncer.Time{})
	}
	return save, nil
}

// AttributesPatch returns the merge patch over the attributes, nil for none. It is written
// anew, so that what is stored holds no name twice and no half of a surrogate pair.
func (p PlayerPatch) AttributesPatch() json.RawMessage {
	if !p.Attributes.Set {
		return nil
	}
	patch, err := json.Marshal(p.Attributes.Value)
	if err != nil {
		panic("wire: a tree of JSON cannot be marshalled: " + err.Error())
	}
	return patch
}

// Save returns what is to be saved of the player. Now is the database's clock.
func (l Leave) Save(id syncer.PlayerID, now time.Time) (merge.Save, error) {
	if l.UUID.Set && l.UUID.Value != string(id) {
		return merge.Save{}, syncer.Invalid("uuid", "is not the player of the path")
	}
	save := l.saved(now)
	if save.USID.Set {
		save.Rank.Set = json.Unmarshal(l.Rank, &save.Rank.Value) == nil
	}
	if json.Unmarshal(l.Revision, &save.Revision) != nil {
		save.Revision = 0
	}
	return save, nil
}

func (f OwnFields) saved(now time.Time) merge.Save {
	save := merge.Save{
		Scalars: merge.Scalars{
			Name: f.Name, OverrideName: f.OverrideName, Highlight: f.Highlight, ChatStrictness: f.ChatStrictness,
			ShowRankPrefix: f.ShowRankPrefix, Language: f.Language, Achievements: f.Achievements,
		},
		USID: f.USID, FirstJoined: f.FirstJoined.Time, LastJoined: f.LastJoined.Time,
	}
	if f.Rainbow.Set {
		save.Rainbow = syncer.Some((*syncer.Rainbow)(f.Rainbow.Value))
	}
	for _, e := range f.History {
		entry := syncer.HistoryEntry{Action: e.Action, By: e.By, Time: e.Time.Time}
		if entry.Time.IsZero() {
			entry.Time = syncer.TimeOf(now)
		}
		save.History = append(save.History, entry)
	}
	if f.Stats != nil {
		save.Stats = make(map[string]int64, len(f.Stats))
	}
	for name, count := range f.Stats {
		if count != nil {
			save.Stats[name] = *count
		}
	}
	return save
}
