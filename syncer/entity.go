package syncer

// Entity names a table whose changes are followed or audited.
type Entity string

// The entities.
const (
	EntityPlayer Entity = "player"
	EntityBan    Entity = "ban"
	EntityAudit  Entity = "audit"

	EntityBalance Entity = "balance"

	EntityStaffMessage   Entity = "staff_message"
	EntityAntibotPattern Entity = "antibot_pattern"
	EntityBlacklist      Entity = "blacklisted_address"
	EntityModLog         Entity = "mod_log"
	EntitySession        Entity = "session"
	EntityKick           Entity = "kick"
)
