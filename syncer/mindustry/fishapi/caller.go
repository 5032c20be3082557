package fishapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"playersync/syncer"
)

// call is one request on its way to its endpoint.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	ctx     context.Context //nolint:containedctx // lives as long as the request
	body    []byte          // whole, valid UTF-8; empty for GET
	begun   bool            // the answer, so that no other can be given
	handler *Handler
}

// refusal is an error with the status it is answered by.
type refusal struct {
	status  int
	message string
}

// Error returns the message.
func (r *refusal) Error() string { return r.message }

// malformed refuses a body that cannot be read at all.
func malformed(message string) error { return &refusal{http.StatusBadRequest, message} }

// readBody reads the whole body. One that ends early, because the JVM that sent it
// did, is refused.
func (c *call) readBody(limit int64) error {
	if c.r.Method == http.MethodGet {
		return nil
	}
	data, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, limit))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return &refusal{
			http.StatusRequestEntityTooLarge, "the body has more than " + strconv.FormatInt(limit, 10) + " bytes",
		}
	}
	if err != nil {
		return malformed("the body ends before its length")
	}
	if !utf8.Valid(data) {
		return malformed("the body is not UTF-8")
	}
	c.body = data
	return nil
}

// json answers 200 with a JSON body. See [call.answer] for errors.
func (c *call) json(body []byte) error {
	c.w.Header()["Content-Type"] = typeJSON
	return c.answer(body)
}

var typeJSON = []string{"application/json; charset=utf-8"}

// empty answers 200 without a body. See [call.answer] for errors.
func (c *call) empty() error { return c.answer(nil) }

// answer answers 200 and returns once the operating system has taken the whole answer. An
// error says that the peer did not get it: it had hung up, or the connection failed.
func (c *call) answer(body []byte) error {
	if c.r.Context().Err() != nil {
		return &refusal{http.StatusServiceUnavailable, "the peer hung up"}
	}
	c.begun = true
	c.w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.w.WriteHeader(http.StatusOK)
	if _, err := c.w.Write(body); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	if err := http.NewResponseController(c.w).Flush(); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

// defaultPort stands for the port of a plugin that is too old to send one.
const defaultPort = 6567

// server returns who asks: the peer's address with the body's port, or what the
// configuration says for that port, and the gamemode of the body's member named
// mode ("gamemode" or "server"). An empty mode means that the endpoint has none.
func (c *call) server(body object, mode string) (syncer.GameServer, error) {
	port, err := body.port()
	if err != nil {
		return syncer.GameServer{}, err
	}
	address, known := c.handler.config.Servers[port]
	if !known {
		peer, err := netip.ParseAddrPort(c.r.RemoteAddr)
		if err != nil {
			return syncer.GameServer{}, malformed("the peer has no address")
		}
		address = netip.AddrPortFrom(peer.Addr().Unmap().WithZone(""), uint16(port)).String()
	}
	from := syncer.GameServer{Name: address, Address: address}
	if mode != "" {
		if from.Gamemode, err = body.text(mode); err == nil {
			err = from.Validate("")
		}
		if e, ok := errors.AsType[*syncer.Error](err); ok && e.Field == "gamemode" {
			e.Field = mode
		}
		if err != nil {
			return from, err
		}
	}
	return from, c.handler.deps.Servers.Admit(from)
}
