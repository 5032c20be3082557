package daemon

import "playersync/syncer/sidecar"

// wireAudit connects the audit; the store and the applier must exist.
func (d *Daemon) wireAudit() {
	d.audit = sidecar.NewAudit(sidecar.AuditConfig{Keep: d.config.AuditKeep}, d.store, d.applier, d.log)
}
