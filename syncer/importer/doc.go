// Package importer brings players and bans of other programs into the database:
// what mongoexport writes of the Mindustry plugin's old backend, and the lists of
// banned players and addresses of a vanilla Minecraft server.
//
// A file is read document by document, so that memory stays bounded. What cannot
// be stored is refused, whole, with its line, its field and the reason; everything
// else goes in, many documents in one transaction. An import never takes anything
// away and does nothing when it is repeated: it may therefore be interrupted at any
// time, and started again from the last [Position] that was committed, or from the
// beginning.
//
// Shapes of documents. A player is a document with the plugin's field names, by
// uuid or by a text _id. stats, firstJoined, lastJoined and usid are maps by
// gamemode and by server address; a plain value is taken for the gamemode or address
// of [Options]. A ban is a document with uuid or ip, or with lists uuids and ips, and
// maybe reason, by, createdAt and expiresAt. Extended JSON, version 1 and 2,
// canonical and relaxed, is understood everywhere.
package importer
