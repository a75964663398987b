package interop

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"tailscale.com/client/tailscale/v2"
)

// R19: golang.org/x/oauth2, which most clients are built on, in each of its ways to authenticate.
func TestR19TheOAuthLibraryGetsTokensInEachOfItsWays(t *testing.T) {
	s := need(t)
	owner := s.client(t)
	made, err := owner.Keys().CreateOAuthClient(t.Context(), tailscale.CreateOAuthClientRequest{
		Scopes: []string{"auth_keys", "dns:read"}, Tags: []string{"tag:oauth"}, Description: "the OAuth library",
	})
	must(t, err)
	t.Cleanup(func() { _ = owner.Keys().Delete(t.Context(), made.ID) })

	for name, style := range map[string]oauth2.AuthStyle{
		"probing": oauth2.AuthStyleAutoDetect, "in the header": oauth2.AuthStyleInHeader, "in the form": oauth2.AuthStyleInParams,
	} {
		config := func(secret string, scopes ...string) *clientcredentials.Config {
			return &clientcredentials.Config{
				ClientID: "some-client-id", ClientSecret: secret, TokenURL: s.url + "/api/v2/oauth/token", AuthStyle: style, Scopes: scopes,
			}
		}
		t.Run(name, func(t *testing.T) {
			narrowed := config(made.Key, "dns:read")
			narrowed.EndpointParams = url.Values{"tags": {"tag:oauth"}}
			token, err := narrowed.Token(t.Context())
			must(t, err)
			same(t, "the type", token.Type(), "Bearer")
			same(t, "the scope", token.Extra("scope"), any("dns:read"))
			if left := time.Until(token.Expiry); left < 59*time.Minute || left > time.Hour {
				t.Errorf("the token lives for %s", left)
			}
			answer, err := narrowed.Client(t.Context()).Get(s.url + "/api/v2/tailnet/-/dns/preferences")
			must(t, err)
			defer answer.Body.Close()
			same(t, "the status", answer.StatusCode, http.StatusOK)
			var preferences struct{ MagicDNS *bool }
			must(t, json.NewDecoder(answer.Body).Decode(&preferences))
			if preferences.MagicDNS == nil {
				t.Error("the answer is no DNS preferences")
			}
		})
		t.Run(name+", refused", func(t *testing.T) {
			wrong := made.Key[:len(made.Key)-1] + "1"
			if strings.HasSuffix(made.Key, "1") {
				wrong = made.Key[:len(made.Key)-1] + "2"
			}
			for _, row := range []struct {
				config *clientcredentials.Config
				status int
				code   string
			}{
				{config(wrong), http.StatusUnauthorized, "invalid_client"},
				{config("nonsense"), http.StatusUnauthorized, "invalid_client"},
				{config(made.Key, "all"), http.StatusForbidden, "invalid_scope"},
				{config(made.Key, "dns:read", "nothing"), http.StatusForbidden, "invalid_scope"},
			} {
				_, err := row.config.Token(t.Context())
				var refused *oauth2.RetrieveError
				if !errors.As(err, &refused) {
					t.Fatalf("%v is no refusal", err)
				}
				same(t, "the status", refused.Response.StatusCode, row.status)
				same(t, "the error", refused.ErrorCode, row.code)
				if refused.ErrorDescription == "" {
					t.Error("the refusal has no description")
				}
			}
		})
	}
}
