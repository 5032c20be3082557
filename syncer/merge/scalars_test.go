package merge

import (
	"reflect"
	"testing"

	"playersync/syncer"
)

// lines lists the JSON names of the table, in its order.
func lines(t *testing.T) []string {
	t.Helper()
	var names []string
	scalars := reflect.TypeFor[Scalars]()
	for i := range scalars.NumField() {
		o := operands{}
		reflect.ValueOf(&o.s).Elem().Field(i).FieldByName("Set").SetBool(true)
		o.each(count)
		if o.count == 1 {
			names = append(names, scalars.Field(i).Name)
		}
	}
	return names
}

// Each scalar that all servers share is once in the struct and once in the table.
func TestScalarsAreTheFieldsOfAPlayer(t *testing.T) {
	t.Parallel()
	var want []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[syncer.Synced]()) {
		if field.Name == "Flags" || field.Name == "Attributes" { // merged by member
			continue
		}
		want = append(want, field.Name)
		own, ok := reflect.TypeFor[Scalars]().FieldByName(field.Name)
		if !ok {
			t.Errorf("Scalars has no field %s", field.Name)
			continue
		}
		value, _ := own.Type.FieldByName("Value")
		if value.Type != field.Type {
			t.Errorf("%s is %v in Scalars and %v in a player", field.Name, value.Type, field.Type)
		}
		if got, want := own.Tag.Get("json"), field.Tag.Get("json")+",omitzero"; got != want {
			t.Errorf("the JSON tag of %s is %q, want %q", field.Name, got, want)
		}
	}
	if got := lines(t); !reflect.DeepEqual(got, want) {
		t.Errorf("the table has the fields %q, a player has %q", got, want)
	}
}
