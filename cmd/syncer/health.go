package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"playersync/cmd/syncer/internal/config"
)

const (
	healthTimeout = 5 * time.Second // of the whole question
	healthAnswer  = 4096            // bytes of an answer that are shown
)

func newHealthCommand(a *app) *cobra.Command {
	var address string
	var ready bool
	command := &cobra.Command{
		Use:   "health",
		Short: "Ask a running syncer whether it lives",
		Long: `Asks the syncer that runs with this configuration on this machine, or the one at
--url, whether it lives; with --ready, whether it follows the database too. The exit
code is 0 if so, else 1. A syncer that does not follow still answers game servers from
memory, and goes on by itself: do not restart it for that.`,
		Example: `  syncer health
  syncer health --ready --url https://survival.example:5082`,
		GroupID: groupOperate,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			settings, err := a.config(command)
			if err != nil {
				return err
			}
			question, err := newHealthQuestion(settings, address, ready)
			if err != nil {
				return err
			}
			answer, err := question.ask(command.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, answer)
			return err
		},
	}
	command.Flags().StringVar(&address, "url", "", "`URL` of the syncer (default: by http.listen, on this machine)")
	command.Flags().BoolVar(&ready, "ready", false, "ask whether it follows the database too")
	a.addConfigFlag(command)
	return command
}

// healthQuestion is a request to a running syncer.
type healthQuestion struct {
	url   string
	token config.Secret // "": none
	tls   *tls.Config   // nil: by the system's authorities
}

// newHealthQuestion asks the syncer at an address, or the one of the configuration for "".
func newHealthQuestion(settings config.Config, address string, ready bool) (q healthQuestion, err error) {
	if address == "" {
		if address, err = localURL(settings.HTTP); err != nil {
			return q, err
		}
		if q.tls, err = ownCertificateOnly(settings.HTTP); err != nil {
			return q, err
		}
	}
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return q, usagef("--url: must begin with http:// or https:// and name a host")
	}
	path := "healthz"
	if ready { // which needs a token, unlike whether it lives
		path, q.token = "readyz", settings.HTTP.Token
		for _, token := range settings.HTTP.Tokens {
			q.token = cmp.Or(q.token, token)
		}
	}
	q.url = at.JoinPath(path).String()
	return q, nil
}

// localURL is where the syncer of this configuration answers on this machine.
func localURL(settings config.HTTP) (string, error) {
	host, port, err := net.SplitHostPort(settings.Listen)
	if err != nil {
		return "", fmt.Errorf("http.listen: %w", err)
	}
	if port == "0" {
		return "", errors.New("http.listen: the port is chosen at the start; name it by --url")
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	scheme := "http"
	if settings.TLS.Cert != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}

// ownCertificateOnly believes the one that is configured, whatever names are in it; nil if
// there is none.
func ownCertificateOnly(settings config.HTTP) (*tls.Config, error) {
	own, err := settings.API().Certificate()
	if own == nil || err != nil {
		return nil, err
	}
	return &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // it is compared with the one on disk
		VerifyConnection: func(state tls.ConnectionState) error {
			if !bytes.Equal(state.PeerCertificates[0].Raw, own.Raw) {
				return errors.New("the certificate is not the one of http.tls.cert")
			}
			return nil
		},
	}, nil
}

// ask returns the answer of a syncer that is well.
func (q healthQuestion) ask(ctx context.Context) (answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, q.url, http.NoBody)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", q.url, err)
	}
	if q.token != "" {
		request.Header.Set("Authorization", "Bearer "+q.token.Reveal())
	}
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: q.tls},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, healthAnswer))
	if err != nil {
		return "", fmt.Errorf("no answer from %s: %w", q.url, err)
	}
	answer = clean(strings.TrimSpace(string(body)))
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s: %s", q.url, response.Status, answer)
	}
	return answer, nil
}
