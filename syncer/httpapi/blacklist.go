package httpapi

import (
	"context"
	"net/http"

	"playersync/syncer/httpapi/wire"
	"playersync/syncer/mindustry"
)

// registerBlacklist adds the operations on blacklisted addresses.
func (s *Server) registerBlacklist() {
	declare(s, route{
		http.MethodGet, "/v1/blacklisted-addresses", "list-blacklisted-addresses", tagStaff,
		"List the addresses that attacked a server",
		"From the database. Game servers accept no connections from them. An event of the type `blacklist` tells " +
			"when one comes or goes.",
		replies{200: "One page."},
		stored,
	}, s.listBlacklisted)
	declare(s, route{
		http.MethodPost, "/v1/blacklisted-addresses", "add-blacklisted-addresses", tagStaff,
		"Blacklist addresses",
		"All or none. Those that are listed already stay as they are. During an outage of the database they wait " +
			"on disk.",
		replies{204: "Stored, or kept on disk until they can be."},
		nil,
	}, s.addBlacklisted)
	declare(s, route{
		http.MethodDelete, "/v1/blacklisted-addresses/{address}", "remove-blacklisted-address", tagStaff,
		"Take an address off the blacklist",
		"During an outage of the database this waits on disk.",
		replies{204: "It is not listed any more, or will not be once the database answers."},
		[]int{http.StatusNotFound},
	}, s.removeBlacklisted)
}

// Blacklist is what the API needs of the blacklisted addresses; *sidecar.Blacklist is one.
type Blacklist interface {
	Blacklisted(ctx context.Context, text, after string, size int) ([]mindustry.BlacklistedAddress, error)
	Add(ctx context.Context, add []string, by string) error
	Remove(ctx context.Context, address string) error
}

type listBlacklistedInput struct {
	Text string `query:"text" minLength:"1" maxLength:"255" example:"198.51." doc:"Only addresses that contain this text, in any case."`
	Page
}

func (s *Server) listBlacklisted(ctx context.Context, in *listBlacklistedInput) (*result[wire.BlacklistPage], error) {
	addresses, err := s.deps.Blacklist.Blacklisted(ctx, in.Text, in.After, in.Limit+1)
	return &result[wire.BlacklistPage]{wire.BlacklistPageOf(addresses, in.Limit)}, err
}

type addBlacklistedInput struct {
	Author
	Body wire.NewBlacklisted `doc:"The addresses, and who adds them."`
}

func (s *Server) addBlacklisted(ctx context.Context, in *addBlacklistedInput) (*struct{}, error) {
	addresses, err := in.Body.Checked()
	if err != nil {
		return nil, err
	}
	return &struct{}{}, s.deps.Blacklist.Add(ctx, addresses, in.Body.By)
}

type removeBlacklistedInput struct {
	Address blacklistedText `path:"address" maxLength:"255" example:"198.51.100.7" doc:"The address as it is listed, percent-encoded."`
	Author
}

// blacklistedText is a blacklisted address in a path.
type blacklistedText struct{ string }

// UnmarshalText checks the text.
func (b *blacklistedText) UnmarshalText(text []byte) error {
	b.string = string(text)
	return bare(mindustry.CheckBlacklisted("", b.string))
}

func (s *Server) removeBlacklisted(ctx context.Context, in *removeBlacklistedInput) (*struct{}, error) {
	return &struct{}{}, s.deps.Blacklist.Remove(ctx, in.Address.string)
}
