package fishapi

// Players is what the protocol needs of the use-cases about players.
type Players interface{}

// playerRoutes are the endpoints about players.
var playerRoutes = []route{}
