package syncer

// Rights is what a login of the database may see and do, by its memberships.
type Rights struct {
	See       bool // playersync_readonly or playersync_app
	Act       bool // playersync_app
	Addresses bool // sees from which addresses players come: playersync_addresses or playersync_app
}
