// Package shadow finds what a game server changed in a player when the server uploads its
// whole copy without saying from which state the copy started. It keeps the history of the
// states that the server was shown ([History]) and finds for each upload the state that it
// most likely started from ([History.Receive]); the difference to that state is the change.
//
// For a change of rank, flags, mute or mark the plugin fetches the player, makes the change
// and uploads everything. For example, a server makes Steve a "vip", while another server
// gives him the rank "admin":
//
//	request                          content                     reading
//	1 fetch                          answer: "player", no flags  state 1
//	2 fetch, to look Steve up        answer: "admin", no flags   state 2
//	3 upload, for the fetch in 1     copy: "player", "vip"       state 1 and the flag "vip"
//
// The copy is one change of state 1. From state 2 it would be two changes, the flag and the
// rank taken back, and an upload has at most one. So the flag is added to the row, and the
// rank "admin" stays. Had the copy said "admin" and "vip", state 2 would be its start.
//
// One case cannot be told from the messages: if others gave both the flag and the rank, the
// answer 2 is "admin", "vip". Then the copy "player", "vip" is one change of either state: the
// flag added to state 1, or the rank taken back from state 2. The later state is taken,
// because people take changes back more often than two make the same one at once.
package shadow
