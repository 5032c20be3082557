package changefeed_test

import (
	"fmt"

	"playersync/syncer/changefeed"
)

// Transactions commit in another order than they begin. A snapshot therefore names those
// that were still running: 5 had begun before 7 and was not finished when 7 was.
func ExampleSnapshot_Sees() {
	s, err := changefeed.ParseSnapshot("5:8:5,6") // xmin:xmax:running
	fmt.Println(err)
	for xid := uint64(4); xid <= 8; xid++ {
		fmt.Println(xid, s.Sees(xid))
	}
	// Output:
	// <nil>
	// 4 true
	// 5 false
	// 6 false
	// 7 true
	// 8 false
}

// A read that took place later has seen more: a transaction has begun since, or one that
// was running has ended. This is how a copy in memory is kept from an older read.
func ExampleSnapshot_NewerThan() {
	var snapshots []changefeed.Snapshot
	for _, text := range []string{"5:8:5,6", "6:8:6", "6:9:6"} {
		s, err := changefeed.ParseSnapshot(text)
		if err != nil {
			fmt.Println(err)
		}
		snapshots = append(snapshots, s)
	}
	fmt.Println(snapshots[1].NewerThan(snapshots[0]), snapshots[2].NewerThan(snapshots[1]))
	fmt.Println(snapshots[0].NewerThan(snapshots[1]), snapshots[0].NewerThan(snapshots[0]))
	fmt.Println(snapshots[0].NewerThan(changefeed.Snapshot{})) // the zero value has seen nothing
	// Output:
	// true true
	// false false
	// true
}
