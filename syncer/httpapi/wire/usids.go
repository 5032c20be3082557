package wire

import (
	"playersync/syncer/mindustry"
)

import "playersync/syncer"

// USIDApproval says which of several rejections with the same code is meant.
type USIDApproval struct {
	Address syncer.Optional[string] `json:"address,omitzero" maxLength:"64" example:"203.0.113.1:6567" doc:"ip:port of the game server."`
}

// Server returns the address, "" for the only rejection with the code.
func (a *USIDApproval) Server() (address string, err error) {
	if a == nil {
		return "", nil
	}
	if a.Address.Set {
		err = syncer.GameServer{Name: "any", Gamemode: "any", Address: a.Address.Value}.Validate("")
	}
	return a.Address.Value, err
}

// RejectedUSID is a player whom a game server turned away for another proof of identity
// than the stored one. The proof itself is a secret.
type RejectedUSID struct {
	Code       string          `json:"code" example:"01234-2" doc:"What the player was told to show."`
	UUID       syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Player id."`
	Name       string          `json:"name" example:"Steve" doc:"The player's name; empty if there is no such player."`
	Rank       string          `json:"rank" example:"mod" doc:"The player's rank; empty as well."`
	Address    string          `json:"address" example:"203.0.113.1:6567" doc:"The game server, ip:port."`
	RejectedAt syncer.Time     `json:"rejectedAt" example:"2030-01-02T03:04:05.000Z" doc:"When."`
}

// RejectedUSIDOf returns the rejection.
func RejectedUSIDOf(r mindustry.RejectedUSID) RejectedUSID {
	return RejectedUSID{
		Code: r.Code, UUID: r.ID, Name: r.Name, Rank: r.Rank, Address: r.Address, RejectedAt: r.RejectedAt,
	}
}

// RejectedUSIDs is a list of rejections.
type RejectedUSIDs struct {
	Rejections []RejectedUSID `json:"rejections" doc:"Those that nobody approved, newest first."`
}

// RejectedUSIDsOf returns the list.
func RejectedUSIDsOf(rejected []mindustry.RejectedUSID) RejectedUSIDs {
	out := RejectedUSIDs{make([]RejectedUSID, len(rejected))}
	for i, r := range rejected {
		out.Rejections[i] = RejectedUSIDOf(r)
	}
	return out
}
