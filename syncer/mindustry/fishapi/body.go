package fishapi

import (
	"encoding/json"
	"errors"

	"playersync/syncer"
	"playersync/syncer/mindustry/fishjson"
)

// object is a JSON object whose members are not decoded yet. Names are told apart
// by case.
type object fishjson.Object

// object reads the body as an object.
func (c *call) object() (object, error) {
	var o object
	if err := json.Unmarshal(c.body, &o); err != nil || o == nil {
		return nil, malformed("the body is not a JSON object")
	}
	return o, fishjson.CheckNames(c.body)
}

// text returns a member that must be a text.
func (o object) text(name string) (string, error) { return fishjson.Object(o).Text(name) }

// optionalText returns a text that may be missing or null.
func (o object) optionalText(name string) (syncer.Optional[string], error) {
	return fishjson.Object(o).OptionalText(name)
}

// object returns a member that must be an object.
func (o object) object(name string) (object, error) {
	member, err := fishjson.Optional[object](fishjson.Object(o), name, "an object")
	if err == nil && !member.Set {
		err = syncer.Invalid(name, "must be an object")
	}
	return member.Value, err
}

// id returns a member that must be a player id.
func (o object) id(name string) (syncer.PlayerID, error) {
	text, err := o.text(name)
	if err != nil {
		return "", err
	}
	id, err := syncer.ParsePlayerID(text)
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		e.Field = name
	}
	return id, err
}

// port returns the port of the game server, [defaultPort] if it is not given.
func (o object) port() (int, error) {
	if !fishjson.Object(o).Has("port") {
		return defaultPort, nil
	}
	port, err := fishjson.Number("port", o["port"])
	if err != nil || port < 1 || port > 65535 {
		return 0, syncer.Invalid("port", "must be a port number")
	}
	return int(port), nil
}
