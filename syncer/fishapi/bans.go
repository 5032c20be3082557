package fishapi

// Bans is what the protocol needs of the use-cases about bans.
type Bans interface{}

// banRoutes are the endpoints about bans.
var banRoutes = []route{}
