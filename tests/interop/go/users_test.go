package interop

import (
	"testing"

	"tailscale.com/client/tailscale/v2"
)

func TestUsersAreListedFilteredAndRead(t *testing.T) {
	s := need(t)
	if s.binary == "" {
		t.Skip("people are added on the server's machine")
	}
	users := s.client(t).Users()
	_, err := s.command("users add", "nora@interop.example", "--name", "Nora Kelp", "--role", "auditor")
	must(t, err)

	all, err := users.List(t.Context(), nil, nil)
	must(t, err)
	byRole, err := users.List(t.Context(), ptr(tailscale.UserTypeMember), ptr(tailscale.UserRoleAuditor))
	must(t, err)
	if len(all) < 2 || len(byRole) != 1 {
		t.Fatalf("%d people, %d auditors", len(all), len(byRole))
	}
	nora := byRole[0]
	same(t, "the login name", nora.LoginName, "nora@interop.example")
	same(t, "the display name", nora.DisplayName, "Nora Kelp")
	same(t, "the status", nora.Status, tailscale.UserStatusActive)
	same(t, "the role", nora.Role, tailscale.UserRoleAuditor)

	_, err = s.command("users suspend", "nora@interop.example", "--yes")
	must(t, err)
	one, err := users.Get(t.Context(), nora.ID)
	must(t, err)
	same(t, "the status of a suspended person", one.Status, tailscale.UserStatusSuspended)

	_, err = s.command("users delete", nora.ID, "--yes")
	must(t, err)
	if _, err = users.Get(t.Context(), nora.ID); !tailscale.IsNotFound(err) {
		t.Errorf("a deleted person answers %v", err)
	}
}
