package interop

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"tailscale.com/client/tailscale/v2"
)

func ptr[T any](value T) *T { return &value }

// must fails the test on an error; the rest of it would compare nothing.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s is %#v, not %#v", what, got, want)
	}
}

func TestSettingsAreChangedMemberByMember(t *testing.T) {
	settings := need(t).client(t).TailnetSettings()
	before, err := settings.Get(t.Context())
	must(t, err)
	t.Cleanup(func() {
		// The test's own context is over by now.
		err := settings.Update(context.Background(), tailscale.UpdateTailnetSettingsRequest{
			ACLsExternallyManagedOn:                &before.ACLsExternallyManagedOn,
			ACLsExternalLink:                       &before.ACLsExternalLink,
			DevicesApprovalOn:                      &before.DevicesApprovalOn,
			DevicesAutoUpdatesOn:                   &before.DevicesAutoUpdatesOn,
			DevicesKeyDurationDays:                 &before.DevicesKeyDurationDays,
			UsersApprovalOn:                        &before.UsersApprovalOn,
			UsersRoleAllowedToJoinExternalTailnets: &before.UsersRoleAllowedToJoinExternalTailnets,
		})
		if err != nil {
			t.Error(err)
		}
	})

	must(t, settings.Update(t.Context(), tailscale.UpdateTailnetSettingsRequest{
		ACLsExternallyManagedOn:                ptr(true),
		ACLsExternalLink:                       ptr("https://foo.example"),
		DevicesApprovalOn:                      ptr(true),
		DevicesAutoUpdatesOn:                   ptr(true),
		DevicesKeyDurationDays:                 ptr(5),
		UsersApprovalOn:                        ptr(true),
		UsersRoleAllowedToJoinExternalTailnets: ptr(tailscale.RoleAllowedToJoinExternalTailnetsMember),
		HTTPSEnabled:                           ptr(false),
	}))
	want := &tailscale.TailnetSettings{
		ACLsExternallyManagedOn:                true,
		ACLsExternalLink:                       "https://foo.example",
		DevicesApprovalOn:                      true,
		DevicesAutoUpdatesOn:                   true,
		DevicesKeyDurationDays:                 5,
		UsersApprovalOn:                        true,
		UsersRoleAllowedToJoinExternalTailnets: tailscale.RoleAllowedToJoinExternalTailnetsMember,
	}
	got, err := settings.Get(t.Context())
	must(t, err)
	same(t, "the settings", got, want)

	// An empty request sends null for two members, which means that they stay.
	must(t, settings.Update(t.Context(), tailscale.UpdateTailnetSettingsRequest{}))
	got, err = settings.Get(t.Context())
	must(t, err)
	same(t, "the settings after an empty change", got, want)
}

func TestSettingsThatAreNotOfferedAreRefusedByName(t *testing.T) {
	settings := need(t).client(t).TailnetSettings()
	for name, request := range map[string]tailscale.UpdateTailnetSettingsRequest{
		"routeSelection": {RouteSelection: ptr(tailscale.RouteSelectionMagicRoute)},
	} {
		err := settings.Update(t.Context(), request)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "(400)") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDNSOneConfigurationBehindEveryDoor(t *testing.T) {
	dns := need(t).client(t).DNS()
	before, err := dns.Configuration(t.Context())
	must(t, err)
	t.Cleanup(func() {
		if err := dns.SetConfiguration(context.Background(), *before); err != nil {
			t.Error(err)
		}
	})

	must(t, dns.SetNameservers(t.Context(), []string{"8.8.8.8", "1.1.1.1"}))
	nameservers, err := dns.Nameservers(t.Context())
	must(t, err)
	same(t, "the nameservers", nameservers, []string{"8.8.8.8", "1.1.1.1"})

	for _, on := range []bool{false, true} {
		must(t, dns.SetPreferences(t.Context(), tailscale.DNSPreferences{MagicDNS: on}))
		preferences, err := dns.Preferences(t.Context())
		must(t, err)
		same(t, "MagicDNS", preferences.MagicDNS, on)
	}

	must(t, dns.SetSearchPaths(t.Context(), []string{"b.example.com", "a.example.com"}))
	paths, err := dns.SearchPaths(t.Context())
	must(t, err)
	same(t, "the search paths", paths, []string{"b.example.com", "a.example.com"})

	must(t, dns.SetSplitDNS(t.Context(), tailscale.SplitDNSRequest{"a.example.com": {"10.0.0.1"}, "b.example.com": {"10.0.0.2"}}))
	patched, err := dns.UpdateSplitDNS(t.Context(), tailscale.SplitDNSRequest{"a.example.com": nil, "c.example.com": {"10.0.0.3"}})
	must(t, err)
	split, err := dns.SplitDNS(t.Context())
	must(t, err)
	same(t, "split DNS", split, tailscale.SplitDNSResponse{"b.example.com": {"10.0.0.2"}, "c.example.com": {"10.0.0.3"}})
	same(t, "the answer to a patch", patched, split)

	whole, err := dns.Configuration(t.Context())
	must(t, err)
	same(t, "the whole", *whole, tailscale.DNSConfiguration{
		Nameservers: []tailscale.DNSConfigurationResolver{{Address: "8.8.8.8"}, {Address: "1.1.1.1"}},
		SplitDNS: map[string][]tailscale.DNSConfigurationResolver{
			"b.example.com": {{Address: "10.0.0.2"}}, "c.example.com": {{Address: "10.0.0.3"}},
		},
		SearchPaths: []string{"b.example.com", "a.example.com"},
		Preferences: tailscale.DNSConfigurationPreferences{MagicDNS: true},
	})

	want := tailscale.DNSConfiguration{
		Nameservers: []tailscale.DNSConfigurationResolver{{Address: "8.8.8.8"}, {Address: "1.1.1.1", UseWithExitNode: true}},
		SplitDNS: map[string][]tailscale.DNSConfigurationResolver{
			"foo.example.com": {{Address: "1.1.1.2", UseWithExitNode: true}, {Address: "1.1.1.3"}},
		},
		SearchPaths: []string{"example.com"},
		Preferences: tailscale.DNSConfigurationPreferences{OverrideLocalDNS: true, MagicDNS: true},
	}
	must(t, dns.SetConfiguration(t.Context(), want))
	whole, err = dns.Configuration(t.Context())
	must(t, err)
	same(t, "the whole", *whole, want)

	// Emptied, every list decodes to nil; nil maps and slices are null in the request.
	must(t, dns.SetSplitDNS(t.Context(), nil))
	must(t, dns.SetNameservers(t.Context(), nil))
	must(t, dns.SetConfiguration(t.Context(), tailscale.DNSConfiguration{}))
	whole, err = dns.Configuration(t.Context())
	must(t, err)
	same(t, "the empty whole", *whole, tailscale.DNSConfiguration{})
	for _, door := range []string{"nameservers", "searchpaths"} {
		for member, list := range need(t).call(t, http.MethodGet, "/api/v2/tailnet/-/dns/"+door, "").object(t, 200) {
			if list == nil {
				t.Errorf("%s: %s is null", door, member)
			}
		}
	}
}

func TestContactsShowTheNewAddressAtOnce(t *testing.T) {
	contacts := need(t).client(t).Contacts()
	for _, kind := range []tailscale.ContactType{tailscale.ContactAccount, tailscale.ContactSupport, tailscale.ContactSecurity} {
		email := string(kind) + "@interop.example"
		must(t, contacts.Update(t.Context(), kind, tailscale.UpdateContactRequest{Email: &email}))
		got, err := contacts.Get(t.Context())
		must(t, err)
		shown := map[tailscale.ContactType]tailscale.Contact{
			tailscale.ContactAccount: got.Account, tailscale.ContactSupport: got.Support, tailscale.ContactSecurity: got.Security,
		}[kind]
		same(t, string(kind), shown, tailscale.Contact{Email: email})
	}
	if err := contacts.Update(t.Context(), "billing", tailscale.UpdateContactRequest{Email: ptr("a@b.example")}); !tailscale.IsNotFound(err) {
		t.Errorf("an unknown contact: %v", err)
	}
}
