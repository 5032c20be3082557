package fishjson

import (
	"bytes"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"playersync/syncer"
)

// CheckNames returns an [syncer.Error] for JSON that names a member of an object twice,
// at any depth: which of the two is meant is not known. What is no JSON at all passes.
func CheckNames(text []byte) error {
	_, err := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowInvalidUTF8(true)).ReadValue()
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok && errors.Is(err, jsontext.ErrDuplicateName) {
		return syncer.Invalid(strings.ReplaceAll(strings.TrimPrefix(string(syntax.JSONPointer), "/"), "/", "."),
			"is given twice")
	}
	return nil
}
