package httpapi

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// newRegistry returns a schema registry that knows the types which are not what they look
// like.
func newRegistry() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	r.RegisterTypeAlias(reflect.TypeFor[syncer.Time](), reflect.TypeFor[timeDoc]())
	r.RegisterTypeAlias(reflect.TypeFor[wire.Object](), reflect.TypeFor[objectDoc]())
	r.RegisterTypeAlias(reflect.TypeFor[map[string]any](), reflect.TypeFor[objectDoc]())
	r.RegisterTypeAlias(reflect.TypeFor[wire.PassedOver](), reflect.TypeFor[json.RawMessage]())
	r.RegisterTypeAlias(reflect.TypeFor[wire.FlagsChange](), reflect.TypeFor[flagsDoc]())
	r.RegisterTypeAlias(reflect.TypeFor[wire.EventData](), reflect.TypeFor[eventDataDoc]())
	optional[string](r)
	optional[*string](r)
	optional[bool](r)
	optional[syncer.Time](r)
	optional[wire.Duration](r)
	optional[map[string]any](r)
	optional[*wire.Rainbow](r)
	optional[wire.FlagsChange](r)
	return r
}

// optional says that a value which may be absent looks like the value.
func optional[T any](r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[syncer.Optional[T]](), reflect.TypeFor[T]())
}

// timeDoc stands for syncer.Time in the OpenAPI document.
type timeDoc struct{}

// Schema describes the three forms of a time.
func (timeDoc) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Nullable: true, Pattern: `^(infinity|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt].+)$`,
		Description: `RFC 3339 in UTC with milliseconds, "infinity" for ever, null for none.`,
	}
}

// objectDoc stands for a JSON object of any content.
type objectDoc struct{}

// Schema describes the object.
func (objectDoc) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "A JSON object."}
}

// flagsDoc stands for wire.FlagsChange.
type flagsDoc struct{}

// Schema describes both forms.
func (flagsDoc) Schema(r huma.Registry) *huma.Schema {
	flag := &huma.Schema{Type: huma.TypeString, MaxLength: new(64)}
	return &huma.Schema{OneOf: []*huma.Schema{
		{Type: huma.TypeArray, Description: "The whole set.", Items: flag, MaxItems: new(syncer.MaxFlags)},
		r.Schema(reflect.TypeFor[wire.FlagChanges](), true, "FlagChanges"),
	}}
}

// eventDataDoc stands for the forms of an event's data.
type eventDataDoc struct{}

// Schema describes them.
func (eventDataDoc) Schema(r huma.Registry) *huma.Schema {
	s := &huma.Schema{}
	for _, t := range []reflect.Type{
		reflect.TypeFor[wire.PlayerEvent](), reflect.TypeFor[wire.BalanceEvent](), reflect.TypeFor[wire.BanEvent](),
		reflect.TypeFor[wire.StaffMessage](), reflect.TypeFor[wire.PresenceEvent](), reflect.TypeFor[wire.Resync](),
	} {
		s.OneOf = append(s.OneOf, r.Schema(t, true, t.Name()))
	}
	return s
}

// allowNull says of members that point to an object that they may be null, which huma
// does not do for references.
func allowNull(r huma.Registry) {
	for name, schema := range r.Map() {
		t := r.TypeFromRef("#/components/schemas/" + name)
		if t == nil { // of a header
			continue
		}
		changed := false
		for _, f := range reflect.VisibleFields(t) {
			member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			known := schema.Properties[member]
			if known == nil || known.Ref == "" || !pointsToStruct(f.Type) {
				continue
			}
			schema.Properties[member] = &huma.Schema{
				Description: known.Description,
				AnyOf:       []*huma.Schema{{Ref: known.Ref}, {Type: "null", Enum: []any{nil}}},
			}
			changed = true
		}
		if changed {
			schema.PrecomputeMessages()
		}
	}
}

// pointsToStruct reports whether t is a pointer to a struct, or may be absent as well.
func pointsToStruct(t reflect.Type) bool {
	if t.Kind() == reflect.Struct && t.NumField() > 0 && strings.HasPrefix(t.Name(), "Optional[") {
		t = t.Field(0).Type
	}
	return t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct
}
