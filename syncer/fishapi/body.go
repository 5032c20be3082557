package fishapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"

	"playersync/syncer"
)

// object is a JSON object whose members are not decoded yet. Names are told apart
// by case.
type object map[string]json.RawMessage

// object reads the body as an object.
func (c *call) object() (object, error) {
	var o object
	if err := json.Unmarshal(c.body, &o); err != nil || o == nil {
		return nil, malformed("the body is not a JSON object")
	}
	return o, nil
}

// has reports whether the member is there and not null.
func (o object) has(name string) bool {
	value, found := o[name]
	return found && !isNull(value)
}

func isNull(value json.RawMessage) bool { return bytes.Equal(value, []byte("null")) }

// text returns a member that must be a text.
func (o object) text(name string) (string, error) {
	var text string
	if !o.has(name) || json.Unmarshal(o[name], &text) != nil {
		return "", syncer.Invalid(name, "must be a text")
	}
	return text, nil
}

// object returns a member that must be an object.
func (o object) object(name string) (object, error) {
	member, err := optional[object](o, name, "an object")
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
	if !o.has("port") {
		return defaultPort, nil
	}
	port, err := number("port", o["port"])
	if err != nil || port < 1 || port > 65535 {
		return 0, syncer.Invalid("port", "must be a port number")
	}
	return int(port), nil
}

// number reads a number and rounds it. Beyond what a double carries exactly the
// result is the largest number of that sign that it does.
func number(name string, value json.RawMessage) (int64, error) {
	var n float64
	if value == nil || isNull(value) || json.Unmarshal(value, &n) != nil {
		return 0, syncer.Invalid(name, "must be a number")
	}
	const most = float64(syncer.MaxCounter)
	return int64(min(max(math.Round(n), -most), most)), nil
}
