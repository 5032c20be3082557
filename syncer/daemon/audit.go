package daemon

import "playersync/syncer/sidecar"

// wireAudit connects the audit; the store and the applier must exist.
func (d *Daemon) wireAudit() {
	d.audit = sidecar.NewAudit(sidecar.AuditConfig{
		Home: d.config.Sidecar.Home.Name, Keep: d.config.AuditKeep,
	}, d.store, d.applier, d.log)
}
