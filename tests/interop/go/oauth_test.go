package interop

import (
	"strings"
	"testing"

	"tailscale.com/client/tailscale/v2"
)

// R19: an OAuth client made by the official client, and the official client as that OAuth client.
func TestR19OAuthClientsActWithinTheirScopes(t *testing.T) {
	s := need(t)
	owner := s.client(t)
	made, err := owner.Keys().CreateOAuthClient(t.Context(), tailscale.CreateOAuthClientRequest{
		Scopes: []string{"auth_keys", "oauth_keys", "dns:read"}, Tags: []string{"tag:oauth"}, Description: "the official client",
	})
	must(t, err)
	t.Cleanup(func() { _ = owner.Keys().Delete(t.Context(), made.ID) })
	if !strings.HasPrefix(made.Key, "tskey-client-"+made.ID+"-") {
		t.Errorf("the secret of %s has another form", made.ID)
	}
	same(t, "the scopes", made.Scopes, []string{"auth_keys", "oauth_keys", "dns:read"})
	same(t, "the tags", made.Tags, []string{"tag:oauth"})

	as := func(scopes ...string) *tailscale.Client {
		return &tailscale.Client{BaseURL: s.base(t), Auth: &tailscale.OAuth{ClientID: made.ID, ClientSecret: made.Key, Scopes: scopes}}
	}
	all := as()
	_, err = all.DNS().Preferences(t.Context())
	must(t, err)
	if err := all.DNS().SetPreferences(t.Context(), tailscale.DNSPreferences{MagicDNS: true}); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("DNS was changed with dns:read: %v", err)
	}
	var request tailscale.CreateKeyRequest
	request.Capabilities.Devices.Create.Tags = []string{"tag:oauth"}
	key, err := all.Keys().CreateAuthKey(t.Context(), request)
	must(t, err)
	same(t, "the key's user", key.UserID, "")
	must(t, all.Keys().Delete(t.Context(), key.ID))
	if _, err := as("dns:read").Keys().CreateAuthKey(t.Context(), request); err == nil {
		t.Error("a token narrowed to dns:read made an auth key")
	}
	if _, err := as("users").Users().List(t.Context(), nil, nil); err == nil || !strings.Contains(err.Error(), "invalid_scope") {
		t.Errorf("more than the client holds: %v", err)
	}
	listed, err := all.Keys().List(t.Context(), false)
	must(t, err)
	for _, each := range listed {
		same(t, "the type of "+each.ID, each.KeyType, "client")
	}

	changed, err := owner.Keys().SetOAuthClient(t.Context(), made.ID, tailscale.SetOAuthClientRequest{Scopes: []string{"oauth_keys:read"}, Description: "narrowed"})
	must(t, err)
	same(t, "the scopes afterwards", changed.Scopes, []string{"oauth_keys:read"})
	same(t, "the tags afterwards", changed.Tags, []string(nil))
	if _, err := all.DNS().Preferences(t.Context()); err == nil {
		t.Error("a token still does what its client may not any more")
	}
	must(t, owner.Keys().Delete(t.Context(), made.ID))
	ended, err := owner.Keys().Get(t.Context(), made.ID)
	must(t, err)
	if !ended.Invalid || ended.Revoked.IsZero() {
		t.Errorf("a revoked client is shown as %+v", ended)
	}
	if _, err := as().DNS().Preferences(t.Context()); err == nil || !strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("a revoked client: %v", err)
	}
}

// A federated identity as the official client makes, replaces and ends it.
func TestFederatedIdentitiesAreMadeReplacedAndEnded(t *testing.T) {
	s := need(t)
	keys := s.client(t).Keys()
	made, err := keys.CreateFederatedIdentity(t.Context(), tailscale.CreateFederatedIdentityRequest{
		Scopes: []string{"auth_keys"}, Tags: []string{"tag:oauth"}, Description: "ci",
		Issuer: "https://example.com", Subject: "example-sub-*", CustomClaimRules: map[string]string{"test_claim": "value-*"},
	})
	must(t, err)
	t.Cleanup(func() { _ = keys.Delete(t.Context(), made.ID) })
	same(t, "the rules", made.CustomClaimRules, map[string]string{"test_claim": "value-*"})
	if !strings.HasSuffix(made.Audience, "/"+made.ID) {
		t.Errorf("the audience of %s is %s", made.ID, made.Audience)
	}
	changed, err := keys.SetFederatedIdentity(t.Context(), made.ID, tailscale.SetFederatedIdentityRequest{
		Scopes: []string{"auth_keys:read", "devices:core"}, Tags: []string{"tag:oauth"}, Issuer: "https://example.com", Subject: "example-sub-*-other",
	})
	must(t, err)
	same(t, "the audience", changed.Audience, made.Audience)
	same(t, "the rules afterwards", changed.CustomClaimRules, map[string]string{})
	same(t, "the scopes afterwards", changed.Scopes, []string{"auth_keys:read", "devices:core"})
	must(t, keys.Delete(t.Context(), made.ID))
	ended, err := keys.Get(t.Context(), made.ID)
	must(t, err)
	if !ended.Invalid || ended.Revoked.IsZero() {
		t.Errorf("a revoked identity is shown as %+v", ended)
	}
}
