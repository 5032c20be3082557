package fishapi

// USIDs is what the protocol needs of the use-cases about proofs of identity.
type USIDs interface{}

// usidRoutes are the endpoints about proofs of identity.
var usidRoutes = []route{}
