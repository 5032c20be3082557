package sidecar

import (
	"context"
	"log/slog"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Audit is the record of who changed which important field or ban, and the way
// back.
type Audit struct {
	config  AuditConfig
	store   AuditStore
	applier Applier
	log     *slog.Logger
}

// AuditConfig holds what an operator may choose.
type AuditConfig struct {
	Keep time.Duration // older changes are forgotten; 0: none is
}

// AuditStore is the audit in the database.
type AuditStore interface {
	ListAudit(ctx context.Context, filter syncer.AuditFilter, before int64, size int) ([]syncer.AuditEntry, error)
	RevertAudit(
		ctx context.Context, number int64, by, reason string,
	) (syncer.AuditEntry, []changefeed.VersionedPlayer, []changefeed.Change, error)
	PruneAudit(ctx context.Context, keep time.Duration) (more bool, err error)
}

// NewAudit returns the audit kept in the store. Run must be running for old changes
// to be forgotten.
func NewAudit(config AuditConfig, store AuditStore, applier Applier, log *slog.Logger) *Audit {
	return &Audit{config: config, store: store, applier: applier, log: log}
}

// List returns changes, newest first. Errors: invalid, database_unavailable.
func (a *Audit) List(ctx context.Context, filter syncer.AuditFilter, page Page) ([]syncer.AuditEntry, string, error) {
	if err := filter.Validate(); err != nil {
		return nil, "", err
	}
	number := func(entry syncer.AuditEntry) int64 { return entry.Number }
	return numbered(page, number, func(before int64, size int) ([]syncer.AuditEntry, error) {
		return a.store.ListAudit(ctx, filter, before, size)
	})
}

// Revert restores what was before a change, in one atomic step, and returns that as
// the change it is. It is refused if the value is no longer the one that the change
// left. The reason is kept where a ban is lifted. Errors: invalid, not_found,
// conflict, changed_since, database_unavailable, outcome_unknown.
func (a *Audit) Revert(ctx context.Context, number int64, by, reason string) (syncer.AuditEntry, error) {
	if err := syncer.CheckLift(by, reason); err != nil {
		return syncer.AuditEntry{}, err
	}
	begun := a.applier.Begin()
	entry, readings, changes, err := a.store.RevertAudit(ctx, number, by, reason)
	if err != nil {
		return syncer.AuditEntry{}, err
	}
	a.applier.Wrote(begun, readings, changes)
	return entry, nil
}

// Run forgets old changes, about every hour, until ctx ends.
func (a *Audit) Run(ctx context.Context) error {
	pruneHourly(ctx, a.log, "audit", a.prune)
	return nil
}

func (a *Audit) prune(ctx context.Context) error {
	if a.config.Keep == 0 {
		return nil
	}
	for {
		more, err := a.store.PruneAudit(ctx, a.config.Keep)
		if err != nil || !more {
			return err
		}
	}
}
