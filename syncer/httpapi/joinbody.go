package httpapi

import (
	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// decodeJoin reads the body of join.
func decodeJoin(v value) sidecar.JoinRequest {
	var request sidecar.JoinRequest
	var named, addressed bool
	members, ok := v.members()
	for _, m := range members {
		switch m.name {
		case "name":
			named = true
			request.Name, _ = m.text()
		case "ip":
			addressed = true
			if text, ok := m.text(); ok {
				address, err := syncer.ParseAddress(text)
				if err != nil {
					m.fault("%q is not an address", text)
				}
				request.IP = address
			}
		case "usid":
			if m.null() {
				continue
			}
			if text, ok := m.text(); ok {
				request.USID = &text
			}
		default:
			m.fault("is unknown; a join has name, ip and usid")
		}
	}
	if ok && !named {
		v.missing("name")
	}
	if ok && !addressed {
		v.missing("ip")
	}
	return request
}

func joinSchema() *huma.Schema {
	return objectSchema("What the game knows when a player connects.", map[string]*huma.Schema{
		"name": textSchema("Name, colour tags included.", "[accent]Steve", syncer.MaxNameLength),
		"ip":   textSchema("Where the player connects from, IPv4 or IPv6.", "203.0.113.7", 64),
		"usid": nullableText("The client's proof of identity towards this server, if the game has one.", "gB3mTVEkJpo=", syncer.MaxUSIDLength),
	}, "name", "ip")
}
