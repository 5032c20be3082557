package store_test

import "testing"

// The functions that constraints call, at every form of a value.
func TestWhatCountsAsASet(t *testing.T) {
	t.Parallel()
	onEachVersion(t, func(t *testing.T, address string) {
		conn := psql(t, address)
		for _, test := range []struct {
			sql  string
			want bool
		}{
			{`is_text_set(null)`, true},
			{`is_text_set('{}')`, true},
			{`is_text_set('{a}')`, true},
			{`is_text_set('[5:6]={a,b}')`, true},
			{`is_text_set('{a,A,á,"a "}')`, true},
			{`is_text_set('{{a,b}}')`, false},
			{`is_text_set('{{a},{b}}')`, false},
			{`is_text_set('{a,b,a}')`, false},
			{`is_text_set('{null}')`, false},
			{`is_text_set('{a,null}')`, false},
			{`is_text_set('{""}')`, false},
			{`is_text_set(array[repeat('é', 64)])`, true},
			{`is_text_set(array[repeat('é', 65)])`, false},
			{`is_text_set(array(select i::text from generate_series(1, 1024) as i))`, true},
			{`is_text_set(array(select i::text from generate_series(1, 16) as i) || '1'::text)`, false},
			{`is_text_set(array(select i::text from generate_series(1, 17) as i) || '17'::text)`, false},
			{`is_text_set(array(select i::text from generate_series(1, 17) as i) || ''::text)`, false},
			{`is_text_set(array(select i::text from generate_series(1, 17) as i) || null::text)`, false},
			{`is_text_set(array(select i::text from generate_series(1, 17) as i) || repeat('a', 65))`, false},
			{`is_text_set(array(select array[i::text] from generate_series(1, 17) as i))`, false},
			{`is_bit_set(null) is null`, true},
			{`is_bit_set('[0]')`, true},
			{`is_bit_set('[9223372036854775807, -9223372036854775808]')`, true},
			{`is_bit_set('[0,9223372036854775808]')`, false},
			{`is_bit_set('[-9223372036854775809,0]')`, false},
		} {
			if got := value[bool](t, conn, `select `+test.sql); got != test.want {
				t.Errorf("%s: %t", test.sql, got)
			}
		}
	})
}
