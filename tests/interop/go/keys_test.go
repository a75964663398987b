package interop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tailscale.com/client/tailscale/v2"
)

const (
	ninetyDays = 7776000
	base58     = `[1-9A-HJ-NP-Za-km-z]`
)

var (
	keyText = regexp.MustCompile(`^tskey-auth-(k` + base58 + `+CNTRL)-` + base58 + `{32,}$`)
	keyID   = regexp.MustCompile(`^k` + base58 + `+CNTRL$`)
	userID  = regexp.MustCompile(`^u` + base58 + `+CNTRL$`)
)

// wanted makes a request with every option given.
func wanted(reusable, ephemeral, preauthorized bool, tags []string, seconds int64, description string) tailscale.CreateKeyRequest {
	var want tailscale.CreateKeyRequest
	create := &want.Capabilities.Devices.Create
	create.Reusable, create.Ephemeral, create.Preauthorized, create.Tags = reusable, ephemeral, preauthorized, tags
	want.ExpirySeconds, want.Description = seconds, description
	return want
}

func create(t *testing.T, client *tailscale.Client, want tailscale.CreateKeyRequest) *tailscale.Key {
	t.Helper()
	before := time.Now()
	key, err := client.Keys().CreateAuthKey(t.Context(), want)
	if err != nil {
		t.Fatalf("create %+v: %v", want, err)
	}
	t.Cleanup(func() {
		// Keys pile up otherwise, and a listing test would compare all of them.
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := client.Keys().Delete(ctx, key.ID); err != nil {
			t.Errorf("delete %s: %v", key.ID, err)
		}
	})
	// Times on the wire may be whole seconds.
	if key.Created.Before(before.Add(-2*time.Second)) || key.Created.After(time.Now().Add(2*time.Second)) {
		t.Errorf("created is %v, now it is %v", key.Created, time.Now())
	}
	parts := keyText.FindStringSubmatch(key.Key)
	if parts == nil {
		// Not printed: it is a live key.
		t.Errorf("key has not the form of an auth key (%d characters)", len(key.Key))
	} else if parts[1] != key.ID {
		t.Errorf("key names %s, id is %s", parts[1], key.ID)
	}
	checkLive(t, key, want)
	return key
}

// checkLive compares every member of a valid auth key but its secret with what was asked for.
func checkLive(t *testing.T, key *tailscale.Key, want tailscale.CreateKeyRequest) {
	t.Helper()
	checkKept(t, key, want)
	if key.Invalid {
		t.Error("invalid is true on a live key")
	}
	if !key.Revoked.IsZero() {
		t.Errorf("revoked is %v on a live key", key.Revoked)
	}
}

// checkKept compares the members that no state changes.
func checkKept(t *testing.T, key *tailscale.Key, want tailscale.CreateKeyRequest) {
	t.Helper()
	if !keyID.MatchString(key.ID) {
		t.Errorf("id is %q", key.ID)
	}
	if key.KeyType != "auth" {
		t.Errorf("keyType is %q", key.KeyType)
	}
	if key.Description != want.Description {
		t.Errorf("description is %q, not %q", key.Description, want.Description)
	}
	seconds := want.ExpirySeconds
	if seconds == 0 {
		seconds = ninetyDays
	}
	// The client reads a count of seconds into a Duration as it stands.
	if key.ExpirySeconds == nil || int64(*key.ExpirySeconds) != seconds {
		t.Errorf("expirySeconds is %v, not %d", key.ExpirySeconds, seconds)
	}
	if got := key.Expires.Sub(key.Created); got != time.Duration(seconds)*time.Second {
		t.Errorf("expires - created is %v, not %d s", got, seconds)
	}
	if key.Created.Location() != time.UTC || key.Expires.Location() != time.UTC {
		t.Errorf("times are not in UTC: %v, %v", key.Created, key.Expires)
	}
	if !key.Updated.IsZero() {
		t.Errorf("updated is %v on an auth key", key.Updated)
	}
	got, asked := key.Capabilities.Devices.Create, want.Capabilities.Devices.Create
	if got.Reusable != asked.Reusable || got.Ephemeral != asked.Ephemeral || got.Preauthorized != asked.Preauthorized {
		t.Errorf("capabilities are %+v, not %+v", got, asked)
	}
	if got.Tags == nil || !slices.Equal(got.Tags, asked.Tags) {
		t.Errorf("tags are %#v, not %#v", got.Tags, asked.Tags)
	}
	if !userID.MatchString(key.UserID) {
		t.Errorf("userId is %q", key.UserID)
	}
	if key.Scopes != nil || key.Tags != nil || key.Audience != "" || key.Issuer != "" || key.Subject != "" || key.CustomClaimRules != nil {
		t.Errorf("an auth key has members of other types: %+v %+v %q %q %q %+v", key.Scopes, key.Tags, key.Audience,
			key.Issuer, key.Subject, key.CustomClaimRules)
	}
}

func TestCreateTakesEveryCombinationOfOptions(t *testing.T) {
	client := need(t).client(t)
	tagLists := [][]string{nil, {}, {"tag:ci"}, {"tag:web", "tag:ci", "tag:a-2"}}
	lifetimes := []int64{0, 300, 86400, ninetyDays}
	for bits := range 8 {
		for n, tags := range tagLists {
			for m, seconds := range lifetimes {
				description := ""
				if (bits+n+m)%2 == 1 {
					description = fmt.Sprintf("CI runner %d-%d-%d", bits, n, m)
				}
				want := wanted(bits&1 != 0, bits&2 != 0, bits&4 != 0, tags, seconds, description)
				t.Run(fmt.Sprintf("%03b/tags%d/%ds", bits, n, seconds), func(t *testing.T) {
					created := create(t, client, want)
					got, err := client.Keys().Get(t.Context(), created.ID)
					if err != nil {
						t.Fatal(err)
					}
					if got.Key != "" {
						t.Error("a second answer shows the secret")
					}
					got.Key = created.Key
					if !reflect.DeepEqual(got, created) {
						t.Error("the key that was read differs from the key that was created")
					}
				})
			}
		}
	}
}

func TestCreateTakesTheLongestDescription(t *testing.T) {
	client := need(t).client(t)
	create(t, client, wanted(false, false, false, nil, 0, strings.Repeat("Az0- ", 10)))
}

func TestParallelCreatesGiveDifferentKeys(t *testing.T) {
	client := need(t).client(t)
	client.Keys() // sets the client up before it is shared
	const callers = 10
	var wait sync.WaitGroup
	keys := make([]*tailscale.Key, callers)
	for n := range callers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			key, err := client.Keys().CreateAuthKey(t.Context(), wanted(true, false, false, nil, 3600, ""))
			if err != nil {
				t.Error(err)
				return
			}
			keys[n] = key
		}()
	}
	wait.Wait()
	seen := map[string]bool{}
	for _, key := range keys {
		if key == nil {
			continue
		}
		if seen[key.ID] || seen[key.Key] {
			t.Error("two callers were given the same key")
		}
		seen[key.ID], seen[key.Key] = true, true
		if err := client.Keys().Delete(t.Context(), key.ID); err != nil {
			t.Error(err)
		}
	}
}

// find gives the listed key with this id, checked for what a listing must never hold.
func find(t *testing.T, client *tailscale.Client, all bool, id string) *tailscale.Key {
	t.Helper()
	keys, err := client.Keys().List(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	var found *tailscale.Key
	for n := range keys {
		key := &keys[n]
		if key.Key != "" {
			t.Errorf("the list shows the secret of %s", key.ID)
		}
		if key.KeyType != "auth" && key.KeyType != "api" {
			t.Errorf("%s is listed with keyType %q", key.ID, key.KeyType)
		}
		if key.ID == id {
			if found != nil {
				t.Errorf("%s is listed twice", id)
			}
			found = key
		}
	}
	return found
}

func TestListHoldsWhatGetAnswers(t *testing.T) {
	client := need(t).client(t)
	want := wanted(true, true, false, []string{"tag:b", "tag:a"}, 7200, "listed")
	created := create(t, client, want)
	got, err := client.Keys().Get(t.Context(), created.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, all := range []bool{false, true} {
		t.Run(fmt.Sprintf("all=%v", all), func(t *testing.T) {
			listed := find(t, client, all, created.ID)
			if listed == nil {
				t.Fatal("the key is not listed")
			}
			checkLive(t, listed, want)
			if !reflect.DeepEqual(listed, got) {
				t.Errorf("listed %+v, read %+v", listed, got)
			}
		})
	}
}

func TestListHoldsTheCallersOwnToken(t *testing.T) {
	s := need(t)
	id := strings.Split(s.token, "-")[2]
	listed := find(t, s.client(t), false, id)
	if listed == nil {
		t.Fatal("the API access token is not listed")
	}
	if listed.KeyType != "api" || listed.Invalid || !listed.Revoked.IsZero() || !userID.MatchString(listed.UserID) {
		t.Errorf("listed as %+v", listed)
	}
	if listed.ExpirySeconds == nil || listed.Expires.Sub(listed.Created) != time.Duration(*listed.ExpirySeconds)*time.Second {
		t.Errorf("expires %v, created %v, expirySeconds %v", listed.Expires, listed.Created, listed.ExpirySeconds)
	}
}

func TestDeletedKeyStaysReadableAndIsInvalid(t *testing.T) {
	client := need(t).client(t)
	want := wanted(true, false, true, []string{"tag:ci"}, 3600, "to be revoked")
	created, err := client.Keys().CreateAuthKey(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	if err := client.Keys().Delete(t.Context(), created.ID); err != nil {
		t.Fatal(err)
	}

	got, err := client.Keys().Get(t.Context(), created.ID)
	if err != nil {
		t.Fatal(err)
	}
	checkKept(t, got, want)
	if got.Key != "" {
		t.Error("a revoked key shows its secret")
	}
	if !got.Invalid {
		t.Error("invalid is false on a revoked key")
	}
	if got.Revoked.Before(before.Add(-2*time.Second)) || got.Revoked.After(time.Now().Add(2*time.Second)) {
		t.Errorf("revoked is %v, now it is %v", got.Revoked, time.Now())
	}
	if got.Revoked.Before(created.Created) {
		t.Errorf("revoked at %v, before it was created at %v", got.Revoked, created.Created)
	}
	for _, all := range []bool{false, true} {
		if find(t, client, all, created.ID) != nil {
			t.Errorf("a revoked key is listed (all=%v)", all)
		}
	}

	// A second time is done already or not found; a third kind of answer fails Terraform's destroy.
	if err := client.Keys().Delete(t.Context(), created.ID); err != nil && !tailscale.IsNotFound(err) {
		t.Errorf("the second delete: %v", err)
	}
	again, err := client.Keys().Get(t.Context(), created.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !again.Revoked.Equal(got.Revoked) {
		t.Errorf("the second delete moved revoked from %v to %v", got.Revoked, again.Revoked)
	}
}

func TestExpiredKeyIsInvalidAndUnlisted(t *testing.T) {
	client := need(t).client(t)
	created, err := client.Keys().CreateAuthKey(t.Context(), wanted(true, false, false, nil, 1, ""))
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		got, err := client.Keys().Get(t.Context(), created.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Invalid {
			if !got.Revoked.IsZero() {
				t.Errorf("an expired key has revoked %v", got.Revoked)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a key of one second is still valid after ten")
		}
		time.Sleep(100 * time.Millisecond)
	}
	if find(t, client, true, created.ID) != nil {
		t.Error("an expired key is listed")
	}
}

// apiError gives the error as the client's own type with this status.
func apiError(t *testing.T, err error, status int) tailscale.APIError {
	t.Helper()
	var refusal tailscale.APIError
	if !errors.As(err, &refusal) {
		t.Fatalf("not an API error: %v", err)
	}
	if refusal.Status != status {
		t.Errorf("status is %d, not %d: %s", refusal.Status, status, refusal.Message)
	}
	if refusal.Message == "" {
		t.Error("the error has no message")
	}
	return refusal
}

func TestUnknownKeysAreNotFound(t *testing.T) {
	client := need(t).client(t)
	created := create(t, client, wanted(false, false, false, nil, 60, ""))
	lower := strings.ToLower(strings.TrimSuffix(created.ID, "CNTRL")) + "CNTRL"
	for name, id := range map[string]string{
		"well formed": "k" + strings.Repeat("1", 11) + "CNTRL",
		"not an id":   "nothing",
		"with slash":  "k1/2",
		"other case":  lower,
		"long":        strings.Repeat("k", 300),
	} {
		t.Run(name, func(t *testing.T) {
			if id == created.ID {
				t.Skip("this id has no upper-case letter")
			}
			_, err := client.Keys().Get(t.Context(), id)
			if !tailscale.IsNotFound(err) {
				t.Errorf("get: %v", err)
			}
			if err := client.Keys().Delete(t.Context(), id); !tailscale.IsNotFound(err) {
				t.Errorf("delete: %v", err)
			}
		})
	}
}

func TestBadRequestsSayWhatToChange(t *testing.T) {
	client := need(t).client(t)
	for name, test := range map[string]struct {
		want   tailscale.CreateKeyRequest
		phrase string
	}{
		"negative expiry":        {wanted(false, false, false, nil, -1, ""), "expirySeconds"},
		"a second over 90 days":  {wanted(false, false, false, nil, ninetyDays+1, ""), "expirySeconds"},
		"51 characters":          {wanted(false, false, false, nil, 0, strings.Repeat("x", 51)), "description"},
		"other letters":          {wanted(false, false, false, nil, 0, "caf\u00e9"), "description"},
		"underscore":             {wanted(false, false, false, nil, 0, "ci_runner"), "description"},
		"tag without its prefix": {wanted(false, false, false, []string{"ci"}, 0, ""), "requested tags [ci] are invalid or not permitted"},
		"tag without a name":     {wanted(false, false, false, []string{"tag:"}, 0, ""), "requested tags [tag:] are invalid or not permitted"},
		"tag with a space":       {wanted(false, false, false, []string{"tag:a b"}, 0, ""), "invalid or not permitted"},
		"one good tag, two bad": {wanted(false, false, false, []string{"bad", "tag:ci", "tag:-"}, 0, ""),
			"requested tags [bad tag:-] are invalid or not permitted"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := client.Keys().CreateAuthKey(t.Context(), test.want)
			if err == nil {
				_ = client.Keys().Delete(t.Context(), key.ID)
				t.Fatal("it was accepted")
			}
			if refusal := apiError(t, err, http.StatusBadRequest); !strings.Contains(refusal.Message, test.phrase) {
				t.Errorf("the message lacks %q: %s", test.phrase, refusal.Message)
			}
		})
	}
}
