// Package merge says how a player is changed, so that no two servers undo each
// other's work. It does no I/O.
//
// Nobody writes a whole player. Every write is an [Edit]: the differences that one
// server wants applied to whatever the row holds by then. [Diff] finds the edit in a
// saved copy by comparing it with the [View] the server was shown (three-way merge);
// [Edit.Apply] applies it; [Edit.Then] joins two. The database applies the same rule
// in the SQL function player_edited; a property test holds the two equal.
//
// For example, Steve is on two servers, A and B, which were both shown the rank
// "player", no flags and 5 games played:
//
//	server   its copy at the leave          edit                    the row afterwards
//	A        rank "player", flag "vip", 7   add "vip", games + 2    "player", "vip", 7
//	B        rank "admin", no flags, 6      rank "admin", games + 1 "admin", "vip", 8
package merge
