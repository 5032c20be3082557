package httpapi

import "playersync/syncer"

// InfoPage is the body of a search's answer.
type InfoPage struct {
	Players []syncer.InfoMatch `json:"players" nullable:"false" doc:"The players found."`
	Next    *string            `json:"next" doc:"The next page's after; null: this is the last."`
}

// AccountsPage is the body of a listing's answer.
type AccountsPage struct {
	Accounts []syncer.SharingAccount `json:"accounts" nullable:"false" doc:"The accounts."`
	Next     *string                 `json:"next" doc:"The next page's after; null: this is the last."`
}

func exampleVisits() syncer.PlayerInfo {
	first, _ := syncer.ParseTime("2029-12-24T18:00:00.000Z")
	last, _ := syncer.ParseTime(exampleTime)
	return syncer.NewPlayerInfo(exampleID, "[accent]Steve", []syncer.ServerVisits{{Server: "survival-1", Visits: syncer.Visits{
		Joins: 12, Kicks: 1, First: first, Last: last,
		Names:     []syncer.Seen{{Value: "[accent]Steve", Times: 12, First: first, Last: last}},
		Addresses: []syncer.Seen{{Value: "203.0.113.7", Times: 12, First: first, Last: last}},
	}}})
}

func exampleInfo() syncer.InfoView { return exampleVisits().View() }

func exampleInfoPage() InfoPage {
	info := exampleVisits()
	return InfoPage{Players: []syncer.InfoMatch{{
		ID: info.ID, Name: info.Name, Matched: []string{"203.0.113.7"}, At: info.Last,
		Joins: info.Joins, Kicks: info.Kicks, First: info.First, Last: info.Last,
	}}}
}

func exampleAccounts() AccountsPage {
	return AccountsPage{Accounts: []syncer.SharingAccount{{
		ID: "zyxwvutsrqponmlkjihgfe==", Name: "Alice", Shared: 1, Last: exampleVisits().Last,
		Addresses: []syncer.SharedAddress{{IP: "203.0.113.7", Times: 3, OwnTimes: 12}},
	}}}
}
