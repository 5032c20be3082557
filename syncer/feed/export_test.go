package feed

// Noted returns how many changes are remembered.
func (a *Applier) Noted() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.tracker.published)
}
