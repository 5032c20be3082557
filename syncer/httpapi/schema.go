package httpapi

import "github.com/danielgtaylor/huma/v2"

// Schemas of the values that bodies carry, for the field tables. Each call
// returns a new one.

func textSchema(doc, example string, limit int) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: doc, MaxLength: &limit, Examples: []any{example}}
}

func nullableText(doc, example string, limit int) *huma.Schema {
	s := textSchema(doc, example, limit)
	s.Nullable = true
	return s
}

func booleanSchema(doc string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeBoolean, Description: doc}
}

func integerSchema(doc string, minimum, maximum float64) *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Format: "int64", Description: doc, Minimum: &minimum, Maximum: &maximum}
}

// timeSchema describes none, an instant, or for ever.
func timeSchema(doc string) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Nullable: true, Pattern: `^(infinity|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt].+)$`,
		Description: doc + ` RFC 3339, "infinity" for ever, null for none.`, Examples: []any{exampleTime},
	}
}

// instantSchema describes none or an instant.
func instantSchema(doc string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: true, Format: "date-time", Description: doc, Examples: []any{exampleTime}}
}

func listSchema(doc string, items *huma.Schema, limit int) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Description: doc, Items: items, MaxItems: &limit}
}

// objectSchema describes an object that has exactly the given members.
func objectSchema(doc string, properties map[string]*huma.Schema, required ...string) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, Description: doc, Properties: properties, Required: required, AdditionalProperties: false,
	}
}

// mapSchema describes an object from any name to one kind of value.
func mapSchema(doc string, values *huma.Schema) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Description: doc, AdditionalProperties: values}
}

// enumSchema describes one of a few words.
func enumSchema(doc string, words ...string) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Description: doc}
	for _, word := range words {
		s.Enum = append(s.Enum, word)
	}
	return s
}

// orNull describes a value or null where the value's schema is a reference.
func orNull(s *huma.Schema) *huma.Schema {
	described := &huma.Schema{Description: s.Description, AnyOf: []*huma.Schema{s, {Type: "null", Enum: []any{nil}}}}
	s.Description = ""
	return described
}

// nullableMembers makes members of an object nullable that huma cannot.
func nullableMembers(s *huma.Schema, names ...string) *huma.Schema {
	for _, name := range names {
		s.Properties[name] = orNull(s.Properties[name])
	}
	return s
}
