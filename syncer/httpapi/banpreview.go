package httpapi

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
)

// BanPreview is whom a ban of an address or a range would keep out.
type BanPreview = syncer.BanPreviewView

// previewInput is what to preview.
type previewInput struct {
	target syncer.Target
	size   int
}

func (s *Server) previewOperation() operation[previewInput, plain[BanPreview]] {
	return operation[previewInput, plain[BanPreview]]{
		doc: document{
			method: http.MethodGet, path: "/v1/bans/preview", id: "preview-ban", tag: tagBans,
			summary:     "Ask whom a ban of a range would keep out",
			description: "The players who joined from an address or range before, as far as that is remembered, and where they are now. Nothing is banned.",
			parameters: append([]*huma.Param{
				queryParameter("ip", "Address or CIDR range.", textSchema("", "198.51.100.0/24", 64), true),
			}, pageParameters()[:1]...),
			replies:  []reply{{http.StatusOK, "The preview.", reflect.TypeFor[BanPreview](), examplePreview(), nil, ""}},
			refusals: append([]int{http.StatusBadRequest}, stored...),
		},
		decode: func(c *call) (in previewInput, err error) {
			q, err := parameters(c.r, "ip", "limit")
			if err != nil {
				return in, err
			}
			in.target.Prefix, err = syncer.ParsePrefix(q.values.Get("ip"))
			q.note("ip", err)
			in.size = q.page().Size
			return in, q.err()
		},
		handle: func(ctx context.Context, _ *call, in previewInput) (plain[BanPreview], error) {
			preview, err := s.deps.BanDetails.PreviewBan(ctx, in.target, in.size)
			return plain[BanPreview]{http.StatusOK, preview.View(s.deps.Players.Now())}, err
		},
	}
}

func examplePreview() BanPreview {
	seen, _ := syncer.ParseTime(exampleTime)
	player := syncer.SeenPlayer{
		ID: exampleID, Name: "Steve", Times: 12, LastSeen: seen, Addresses: 1, Latest: []string{"198.51.100.7"}, Servers: []string{"survival-1"},
	}
	return BanPreview{IP: "198.51.100.0/24", Count: 1, Online: 1, Players: []syncer.SeenPlayer{player}, Bans: []Ban{exampleBan()}}
}
