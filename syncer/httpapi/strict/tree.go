package strict

import (
	"encoding/json"
	"strconv"
	"strings"
)

// tree reads any value as Go's maps, lists and json.Number. It refuses numbers that no
// double can hold: readers in other languages would get infinity.
func (d *decoder) tree(at *place) (any, error) {
	switch d.PeekKind() {
	case '{':
		tree := map[string]any{}
		err := d.members(at, func(name string, at *place) (err error) {
			tree[name], err = d.tree(at)
			return err
		})
		return tree, err
	case '[':
		return d.branch(at)
	case '0':
		raw, err := d.ReadValue()
		number := json.Number(raw)
		if err == nil && !storable(string(number)) {
			d.note(at, "is a number that a double cannot hold")
		}
		return number, err
	}
	token, err := d.ReadToken()
	switch {
	case err != nil:
		return nil, err
	case token.Kind() == '"':
		return token.String(), nil
	case token.Kind() == 'n':
		return nil, nil
	default:
		return token.Bool(), nil
	}
}

// branch reads a list.
func (d *decoder) branch(at *place) (any, error) {
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	list := []any{}
	for i := 0; d.PeekKind() != ']'; i++ {
		item, err := d.tree(&place{at, "", i})
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	_, err := d.ReadToken()
	return list, err
}

// storable reports whether a number fits a double without turning into infinity
// or, unless it is written as zero, into zero.
func storable(number string) bool {
	const longest = 400 // digits; more cannot matter to a double
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || len(number) > longest {
		return false
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(number), "e")
	return f != 0 || !strings.ContainsAny(mantissa, "123456789")
}
