package interop

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"tailscale.com/client/tailscale/v2"
)

// withoutSecret is the endpoint as every answer but those of creation and rotation has it.
func withoutSecret(webhook tailscale.Webhook) tailscale.Webhook {
	webhook.Secret = nil
	return webhook
}

func secretOf(t *testing.T, webhook *tailscale.Webhook) string {
	t.Helper()
	if webhook.Secret == nil || !strings.HasPrefix(*webhook.Secret, "tskey-webhook-") {
		t.Fatalf("the secret of %s has another form", webhook.EndpointID)
	}
	return *webhook.Secret
}

func TestWebhooksFieldByField(t *testing.T) {
	s := need(t)
	webhooks := s.client(t).Webhooks()
	begin := time.Now().Add(-time.Minute)
	wanted := []tailscale.WebhookSubscriptionType{tailscale.WebhookUserDeleted, tailscale.WebhookCategoryDeviceMisconfigurations, tailscale.WebhookNodeCreated}
	made, err := webhooks.Create(t.Context(), tailscale.CreateWebhookRequest{
		EndpointURL: "https://ops.example.com/hook?team=a", ProviderType: tailscale.WebhookMattermostProviderType, Subscriptions: wanted,
	})
	must(t, err)
	t.Cleanup(func() { _ = webhooks.Delete(context.Background(), made.EndpointID) })
	first := secretOf(t, made)
	if made.EndpointID == "" || made.CreatorLoginName == "" || made.Created.Before(begin) || !made.LastModified.Equal(made.Created) {
		t.Errorf("made was %+v", withoutSecret(*made))
	}
	same(t, "what was made", withoutSecret(*made), tailscale.Webhook{
		EndpointID: made.EndpointID, EndpointURL: "https://ops.example.com/hook?team=a",
		ProviderType: tailscale.WebhookMattermostProviderType, CreatorLoginName: made.CreatorLoginName,
		Created: made.Created, LastModified: made.LastModified, Subscriptions: wanted,
	})

	got, err := webhooks.Get(t.Context(), made.EndpointID)
	must(t, err)
	same(t, "what is read", *got, withoutSecret(*made))
	listed, err := webhooks.List(t.Context())
	must(t, err)
	same(t, "the list", listed, []tailscale.Webhook{withoutSecret(*made)})

	changed, err := webhooks.Update(t.Context(), made.EndpointID, []tailscale.WebhookSubscriptionType{tailscale.WebhookPolicyUpdate})
	must(t, err)
	want := withoutSecret(*made)
	want.Subscriptions = []tailscale.WebhookSubscriptionType{tailscale.WebhookPolicyUpdate}
	want.LastModified = changed.LastModified
	same(t, "what was changed", *changed, want)
	if !changed.LastModified.After(made.LastModified) {
		t.Errorf("changed at %v, made at %v", changed.LastModified, made.LastModified)
	}

	must(t, webhooks.Test(t.Context(), made.EndpointID))
	rotated, err := webhooks.RotateSecret(t.Context(), made.EndpointID)
	must(t, err)
	if secretOf(t, rotated) == first {
		t.Error("the secret is the one before")
	}
	want.LastModified = rotated.LastModified
	same(t, "what was rotated", withoutSecret(*rotated), want)

	must(t, webhooks.Delete(t.Context(), made.EndpointID))
	if _, err := webhooks.Get(t.Context(), made.EndpointID); !tailscale.IsNotFound(err) {
		t.Errorf("a deleted endpoint: %v", err)
	}
	listed, err = webhooks.List(t.Context())
	must(t, err)
	same(t, "the empty list", listed, []tailscale.Webhook{})
}

func TestWebhooksWithoutAProviderAndWithEveryEventOfTheClient(t *testing.T) {
	webhooks := need(t).client(t).Webhooks()
	all := []tailscale.WebhookSubscriptionType{
		tailscale.WebhookCategoryTailnetManagement, tailscale.WebhookNodeCreated, tailscale.WebhookNodeNeedsApproval,
		tailscale.WebhookNodeApproved, tailscale.WebhookNodeKeyExpiringInOneDay, tailscale.WebhookNodeKeyExpired,
		tailscale.WebhookNodeDeleted, tailscale.WebhookPolicyUpdate, tailscale.WebhookUserCreated, tailscale.WebhookUserNeedsApproval,
		tailscale.WebhookUserSuspended, tailscale.WebhookUserRestored, tailscale.WebhookUserDeleted, tailscale.WebhookUserApproved,
		tailscale.WebhookUserRoleUpdated, tailscale.WebhookCategoryDeviceMisconfigurations,
		tailscale.WebhookSubnetIPForwardingNotEnabled, tailscale.WebhookExitNodeIPForwardingNotEnabled,
	}
	made, err := webhooks.Create(t.Context(), tailscale.CreateWebhookRequest{EndpointURL: "https://ops.example.com", Subscriptions: all})
	must(t, err)
	t.Cleanup(func() {
		// The test's own context is over by now.
		if err := webhooks.Delete(context.Background(), made.EndpointID); err != nil {
			t.Error(err)
		}
	})
	same(t, "the provider", made.ProviderType, tailscale.WebhookEmptyProviderType)
	same(t, "the events", made.Subscriptions, all)
}

func TestWebhooksErrorsAreThoseOfTheAPI(t *testing.T) {
	s := need(t)
	webhooks := s.client(t).Webhooks()
	subscriptions := []tailscale.WebhookSubscriptionType{tailscale.WebhookNodeCreated}
	for said, request := range map[string]tailscale.CreateWebhookRequest{
		"endpointUrl":   {EndpointURL: "http://ops.example.com", Subscriptions: subscriptions},
		"providerType":  {EndpointURL: "https://ops.example.com", ProviderType: "teams", Subscriptions: subscriptions},
		"\"nodeMoved\"": {EndpointURL: "https://ops.example.com", Subscriptions: []tailscale.WebhookSubscriptionType{"nodeMoved"}},
		"subscriptions": {EndpointURL: "https://ops.example.com"},
	} {
		if _, err := webhooks.Create(t.Context(), request); err == nil || !strings.Contains(err.Error(), said) || !strings.Contains(err.Error(), "(400)") {
			t.Errorf("%s: %v", said, err)
		}
	}
	for name, err := range map[string]error{
		"test":   webhooks.Test(t.Context(), "wNoSuchEndCNTRL"),
		"delete": webhooks.Delete(t.Context(), "wNoSuchEndCNTRL"),
	} {
		if !tailscale.IsNotFound(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := webhooks.RotateSecret(t.Context(), "wNoSuchEndCNTRL"); !tailscale.IsNotFound(err) {
		t.Errorf("rotate: %v", err)
	}
	if _, err := webhooks.Update(t.Context(), "wNoSuchEndCNTRL", subscriptions); !tailscale.IsNotFound(err) {
		t.Errorf("update: %v", err)
	}
	// A test is the one operation that answers 202.
	made, err := webhooks.Create(t.Context(), tailscale.CreateWebhookRequest{EndpointURL: "https://ops.example.com", Subscriptions: subscriptions})
	must(t, err)
	t.Cleanup(func() {
		// The test's own context is over by now.
		if err := webhooks.Delete(context.Background(), made.EndpointID); err != nil {
			t.Error(err)
		}
	})
	s.call(t, http.MethodPost, "/api/v2/webhooks/"+made.EndpointID+"/test", "").object(t, http.StatusAccepted)
}
