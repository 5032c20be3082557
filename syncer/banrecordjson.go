package syncer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// banRecordJSON is a record as JSON, without what it does not say.
type banRecordJSON struct {
	UUID       *PlayerID     `json:"uuid,omitempty"`
	IP         *string       `json:"ip,omitempty"`
	Reason     string        `json:"reason,omitempty"`
	By         string        `json:"by,omitempty"`
	CreatedAt  Time          `json:"createdAt"`
	ExpiresAt  Time          `json:"expiresAt"`
	LiftedAt   Time          `json:"liftedAt"`
	LiftedBy   string        `json:"liftedBy,omitempty"`
	LiftReason string        `json:"liftReason,omitempty"`
	Notes      []banNoteJSON `json:"notes,omitempty"`
}

// banNoteJSON is a note in a record.
type banNoteJSON struct {
	At   Time   `json:"at"`
	By   string `json:"by"`
	Text string `json:"text"`
}

// MarshalJSON writes the record as one JSON object, in the words of the API.
func (r BanRecord) MarshalJSON() ([]byte, error) {
	uuid, ip := r.Target.Fields()
	record := banRecordJSON{
		UUID: uuid, IP: ip, Reason: r.Reason, By: r.By, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt,
		LiftedAt: r.LiftedAt, LiftedBy: r.LiftedBy, LiftReason: r.LiftReason,
	}
	for _, note := range r.Notes {
		record.Notes = append(record.Notes, banNoteJSON{note.At, note.By, note.Text})
	}
	return json.Marshal(record)
}

// ParseBanRecord reads what [BanRecord.MarshalJSON] writes, and a ban as the API
// lists it, whose id and active are ignored. It returns an [Error] naming the first
// field that cannot be meant or stored.
func ParseBanRecord(data []byte) (BanRecord, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return BanRecord{}, Invalid("", "is not a JSON object")
	}
	var record BanRecord
	var uuid, ip string
	into := map[string]any{
		"uuid": &uuid, "ip": &ip, "reason": &record.Reason, "by": &record.By,
		"createdAt": &record.CreatedAt, "expiresAt": &record.ExpiresAt,
		"liftedAt": &record.LiftedAt, "liftedBy": &record.LiftedBy, "liftReason": &record.LiftReason,
	}
	for _, name := range banRecordFields {
		value, given := members[name]
		delete(members, name)
		if !given {
			continue
		}
		if target := into[name]; target != nil {
			if err := json.Unmarshal(value, target); err != nil {
				return BanRecord{}, Invalid(name, "%s", unmarshalFault(err))
			}
		} else if name == "notes" {
			notes, err := ParseBanNotes(value)
			if err != nil {
				return BanRecord{}, err
			}
			record.Notes = notes
		}
	}
	for name := range members {
		return BanRecord{}, Invalid(name, "is unknown here; known are %s", strings.Join(banRecordFields, ", "))
	}
	var err error
	if record.Target, err = ParseTarget(uuid, ip); err != nil {
		return BanRecord{}, err
	}
	return record, record.Validate()
}

var banRecordFields = []string{
	"id", "uuid", "ip", "reason", "by", "createdAt", "expiresAt", "liftedAt", "liftedBy", "liftReason", "active", "notes",
}

// ParseBanNotes reads the notes of a record: a JSON list of objects with at, by and
// text. It returns an [Error] naming the note at fault.
func ParseBanNotes(data []byte) ([]BanNote, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return nil, Invalid("notes", "must be a JSON list of objects with at, by and text")
	}
	var notes []BanNote
	for i, item := range items {
		decoder := json.NewDecoder(bytes.NewReader(item))
		decoder.DisallowUnknownFields()
		var note banNoteJSON
		if err := decoder.Decode(&note); err != nil {
			return nil, Invalid(fmt.Sprintf("notes[%d]", i), "must be an object with at, by and text: %s", unmarshalFault(err))
		}
		notes = append(notes, BanNote{At: note.At, By: note.By, Text: note.Text})
	}
	return notes, nil
}

// unmarshalFault says what is wrong without the names of Go's types.
func unmarshalFault(err error) string {
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "must be a text, is a " + kind.Value
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}
