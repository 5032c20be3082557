package sidecar

import (
	"context"
	"slices"
	"time"

	"playersync/syncer"
)

// retry is how soon what could not be stored is tried again.
const retry = time.Second

// Run keeps the leases and stores who is there until ctx ends; then it removes the
// leases and with them the sessions.
func (p *Presence) Run(ctx context.Context) error {
	renewal := p.config.Lease / renewals
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var err error
		select {
		case <-timer.C:
			if err = p.renew(ctx); err == nil {
				timer.Reset(renewal)
			}
		case <-p.wake:
			err = p.flush(ctx)
		case <-ctx.Done():
			p.release(ctx)
			return nil
		}
		p.note(ctx, err)
		if err != nil {
			timer.Reset(min(retry, renewal))
		}
	}
}

// note logs when storing begins to fail and when it works again.
func (p *Presence) note(ctx context.Context, err error) {
	switch {
	case err != nil && !p.failing && ctx.Err() == nil:
		p.log.Warn("cannot tell the other servers who is online here; trying again", "error", err)
	case err == nil && p.failing:
		p.log.Info("the other servers are told again who is online here")
	}
	p.failing = err != nil
}

// flush stores who came and left. A server that is new is claimed first.
func (p *Presence) flush(ctx context.Context) error {
	if p.claims() {
		return p.renew(ctx)
	}
	return p.sync(ctx)
}

func (p *Presence) claims() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.servers {
		if a.claim {
			return true
		}
	}
	return false
}

// renew renews all leases, and stores again who is there where something else is
// stored.
func (p *Presence) renew(ctx context.Context) error {
	lease, unregistered := p.lease()
	for _, server := range unregistered {
		if err := p.store.RegisterServer(ctx, server, p.config.Version); err != nil {
			return err
		}
	}
	if err := p.sync(ctx); err != nil { // so that digests differ only if somebody else wrote
		return err
	}
	held, err := p.store.RenewLeases(ctx, lease)
	if err != nil {
		p.doubt(syncer.IsAway(err))
		return err
	}
	p.renewed(lease, unregistered, held)
	return p.sync(ctx)
}

// lease returns what to renew, and the servers that are not stored as they are.
func (p *Presence) lease() (lease syncer.Lease, unregistered []syncer.GameServer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lease = syncer.Lease{Run: p.run, Lasts: p.config.Lease}
	for name, a := range p.servers {
		lease.Servers = append(lease.Servers, name)
		if a.claim {
			lease.Claimed = append(lease.Claimed, name)
		}
		if !a.registered {
			unregistered = append(unregistered, a.server)
		}
	}
	return lease, unregistered
}

// doubt makes all servers be stored anew, unless the database is merely away: one
// may have been deleted.
func (p *Presence) doubt(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.servers {
		a.registered = a.registered && away
	}
}

// renewed takes in which servers this sidecar speaks for now.
func (p *Presence) renewed(lease syncer.Lease, registered []syncer.GameServer, held map[string]syncer.HeldLease) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, server := range registered {
		p.servers[server.Name].registered = p.servers[server.Name].server == server
	}
	for _, name := range lease.Servers {
		a := p.servers[name]
		kept, ours := held[name]
		switch {
		case !ours && !a.lost:
			p.log.Warn("another syncer speaks for this game server now; is server.name the same twice?", "server", name)
		case ours && a.lost:
			p.log.Info("speaking for this game server again", "server", name)
		}
		if kept.Contested && !a.contested {
			p.log.Warn("another syncer asks for this game server too; is server.name the same twice?", "server", name)
		}
		a.lost, a.claim, a.contested = !ours, a.claim && !slices.Contains(lease.Claimed, name), kept.Contested
		a.unknown = a.unknown || ours && kept.Sessions != a.digest()
	}
}

// sync stores who came and left.
func (p *Presence) sync(ctx context.Context) error {
	edit := p.take()
	if edit.IsZero() {
		return nil
	}
	err := p.store.SyncSessions(ctx, p.run, edit)
	if err != nil {
		p.putBack(edit)
	}
	return err
}

// take returns what is to be stored of the servers that this sidecar speaks for.
func (p *Presence) take() (edit syncer.SessionEdit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.servers {
		if !a.lost && !a.claim {
			a.take(&edit)
		}
	}
	return edit
}

// putBack makes an edit that may not be stored be stored with the next.
func (p *Presence) putBack(edit syncer.SessionEdit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range edit.Complete {
		p.servers[name].unknown = true
	}
	for _, session := range edit.Arrived {
		p.servers[session.Server].changed[session.ID] = true
	}
	for _, session := range edit.Departed {
		p.servers[session.Server].changed[session.ID] = true
	}
}

// release removes the leases at once instead of letting them run out.
func (p *Presence) release(ctx context.Context) {
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := p.store.ReleaseLeases(final, p.run); err != nil {
		p.log.Warn("cannot tell the other servers that nobody is online here; they notice when the lease runs out",
			"lease", p.config.Lease, "error", err)
	}
}
