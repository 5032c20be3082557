package wire

import (
	"errors"
	"fmt"

	"playersync/syncer"
)

// BanRecord is a ban as it is carried to another database: of a uuid or an ip, or in an
// import two bans, of both, without its number. In an import id and active are passed over, so that a [Ban] is taken
// too.
type BanRecord struct {
	UUID       *string         `json:"uuid,omitzero" maxLength:"69" doc:"Player id, with uuid: in front if it could be something else, as a name. This or ip, in an import perhaps both."`
	IP         *string         `json:"ip,omitzero" maxLength:"64" example:"198.51.100.0/24" doc:"Address or CIDR range, IPv4 or IPv6."`
	Reason     *string         `json:"reason,omitzero" maxLength:"2000" example:"griefing" doc:"Why."`
	By         *string         `json:"by,omitzero" maxLength:"512" example:"Steve" doc:"Who banned."`
	CreatedAt  syncer.Time     `json:"createdAt" required:"false" example:"2030-01-02T03:04:05.000Z" doc:"Since when; absent in an import: from now."`
	ExpiresAt  syncer.Time     `json:"expiresAt" required:"false" example:"2030-01-09T03:04:05.000Z" doc:"When the ban ends by itself; null or infinity: when it is lifted."`
	LiftedAt   syncer.Time     `json:"liftedAt" required:"false" doc:"When it was lifted or, once expired, closed; null: it is open."`
	LiftedBy   *string         `json:"liftedBy,omitzero" maxLength:"512" doc:"Who lifted it."`
	LiftReason *string         `json:"liftReason,omitzero" maxLength:"2000" doc:"Why it was lifted."`
	Notes      []BanRecordNote `json:"notes,omitempty" nullable:"true" doc:"What the staff noted on it."`

	ID     PassedOver `json:"id,omitzero" hidden:"true"`
	Active PassedOver `json:"active,omitzero" hidden:"true"`
}

// BanRecordNote is a note in a record.
type BanRecordNote struct {
	At   syncer.Time `json:"at" example:"2030-01-02T03:04:05.000Z" doc:"When."`
	By   Person      `json:"by" required:"false" nullable:"true" maxLength:"512" example:"Steve" doc:"Who."`
	Text string      `json:"text" required:"false" maxLength:"4000" example:"uses a second account" doc:"What."`
}

// BanRecordOf returns the record.
func BanRecordOf(r syncer.BanRecord) BanRecord {
	uuid, ip := r.Target.Fields()
	out := BanRecord{
		IP:         ip,
		Reason:     Filled(r.Reason),
		By:         Filled(r.By),
		CreatedAt:  r.CreatedAt,
		ExpiresAt:  r.ExpiresAt,
		LiftedAt:   r.LiftedAt,
		LiftedBy:   Filled(r.LiftedBy),
		LiftReason: Filled(r.LiftReason),
	}
	if uuid != nil {
		out.UUID = new(r.Target.RecordedText())
	}
	for _, note := range r.Notes {
		out.Notes = append(out.Notes, BanRecordNote{At: note.At, By: Person(note.By), Text: note.Text})
	}
	return out
}

// Records returns what the domain makes of it, if it can be meant and stored; a wide range
// only if it is confirmed. One with an id and an address is a ban of each.
func (r BanRecord) Records(confirmed bool) ([]syncer.BanRecord, error) {
	if value(r.UUID) == "" || value(r.IP) == "" {
		record, err := r.record(confirmed)
		return []syncer.BanRecord{record}, err
	}
	ofID, ofAddress := r, r
	ofID.IP, ofAddress.UUID = nil, nil
	first, err := ofID.record(confirmed)
	if err != nil {
		return nil, err
	}
	second, err := ofAddress.record(confirmed)
	return []syncer.BanRecord{first, second}, err
}

func (r BanRecord) record(confirmed bool) (syncer.BanRecord, error) {
	record := syncer.BanRecord{
		MeantID: syncer.IsMeantID(value(r.UUID)), Reason: value(r.Reason), By: value(r.By),
		CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt,
		LiftedAt: r.LiftedAt, LiftedBy: value(r.LiftedBy), LiftReason: value(r.LiftReason),
		Confirmed: confirmed,
	}
	for _, note := range r.Notes {
		record.Notes = append(record.Notes, syncer.BanNote{At: note.At, By: string(note.By), Text: note.Text})
	}
	var err error
	if record.Target, err = syncer.ParseRecordedTarget(value(r.UUID), value(r.IP)); err != nil {
		return record, err
	}
	return record, record.Validate()
}

// BanExport is one page of an export.
type BanExport struct {
	Bans []BanRecord `json:"bans" doc:"The bans, newest first, as an import takes them."`
	Next *string     `json:"next" doc:"The next page's after; null: this is the last."`
}

// NewBanImport asks to import bans, all or none.
type NewBanImport struct {
	Bans    []BanRecord `json:"bans" doc:"As an export gives them."`
	DryRun  bool        `json:"dryRun,omitempty" example:"true" doc:"Only say what would happen."`
	Confirm bool        `json:"confirm,omitempty" example:"true" doc:"Whether bans in force of ranges wider than /8 (IPv6: /32) are meant; else they are refused as unconfirmed."`
}

// Records returns what is asked for, and of which of the bans each is; or all that is wrong.
func (i NewBanImport) Records() (records []syncer.BanRecord, rows []int, _ error) {
	var faults []error
	for row, ban := range i.Bans {
		each, err := ban.Records(i.Confirm)
		faults = append(faults, InBan(row, err))
		records = append(records, each...)
		for range each {
			rows = append(rows, row)
		}
	}
	return records, rows, errors.Join(faults...)
}

// InBan says of which of the bans in a [NewBanImport] an error is.
func InBan(row int, err error) error { return within(fmt.Sprintf("bans[%d].", row), err) }

// within puts a path in front of the member that an error names.
func within(path string, err error) error {
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		return &syncer.Error{Code: e.Code, Field: path + e.Field, Message: e.Message, Cause: e.Cause}
	}
	return err
}

// BanImport is the outcome of an import of bans.
type BanImport struct {
	DryRun bool          `json:"dryRun" example:"true" doc:"Whether nothing was stored."`
	Bans   []ImportedBan `json:"bans" doc:"What became of each, in the order given; one with uuid and ip has two, the uuid's first."`
}

// ImportedBan is the outcome of one of them.
type ImportedBan struct {
	Outcome syncer.ImportOutcome `json:"outcome" enum:"added,known,stands" doc:"added; known: it was here, same target, createdAt and by; stands: another ban of the target stands and stays."`
	ID      int64                `json:"id" example:"7" doc:"Number of the ban that is there now; of no meaning in a dry run for one that is new."`
	Known   bool                 `json:"known" example:"true" doc:"Whether a player has the id; true for an address."`
	Row     int                  `json:"row" example:"0" doc:"Which of the bans given it is of, from 0."`
}

// BanImportOf returns the outcome of an import of bans, or of its trial; rows are of which
// of the bans given each is.
func BanImportOf(imported []syncer.ImportedBan, rows []int, trial bool) BanImport {
	out := BanImport{DryRun: trial, Bans: make([]ImportedBan, len(imported))}
	for i, ban := range imported {
		out.Bans[i] = ImportedBan{ban.Outcome, ban.Number, !ban.Stranger, rows[i]}
	}
	return out
}
