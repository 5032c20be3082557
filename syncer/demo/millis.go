package demo

import (
	"fmt"
	"strconv"
	"time"
)

// Millis is a duration that is written in milliseconds.
type Millis time.Duration

// MarshalJSON writes milliseconds with three decimals.
func (m Millis) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(m)/float64(time.Millisecond), 'f', 3, 64), nil
}

// UnmarshalJSON reads milliseconds.
func (m *Millis) UnmarshalJSON(text []byte) error {
	number, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("parse milliseconds: %w", err)
	}
	*m = Millis(number * float64(time.Millisecond))
	return nil
}

// String writes milliseconds with one decimal, so that they align in a column.
func (m Millis) String() string {
	return fmt.Sprintf("%.1f ms", float64(m)/float64(time.Millisecond))
}

// seconds writes what takes long.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
