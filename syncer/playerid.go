package syncer

// PlayerID is the immutable key of a player: an opaque text of 1 to 64
// printable characters. Mindustry sends 22 characters of base64 and "==",
// Minecraft an RFC 4122 UUID. Letters of different case are different ids.
type PlayerID string

// ParsePlayerID checks text and returns it as an id, or an [Error] for "uuid".
func ParsePlayerID(text string) (PlayerID, error) {
	if err := CheckName("uuid", text); err != nil {
		return "", err
	}
	return PlayerID(text), nil
}
