package interop

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const keysPath = "/api/v2/tailnet/-/keys"

func header(name, value string) edit {
	return func(req *http.Request) {
		if value == "" {
			req.Header.Del(name)
			return
		}
		req.Header.Set(name, value)
	}
}

// members gives the names of a JSON object in order.
func members(object map[string]any) []string {
	var names []string
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func hasNull(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case map[string]any:
		for _, member := range v {
			if hasNull(member) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, hasNull)
	}
	return false
}

// The members that a stock client sees: these and no others, none of them null.
func TestMembersOfAnAuthKey(t *testing.T) {
	s := need(t)
	created := s.call(t, "POST", keysPath, `{"capabilities":{"devices":{"create":{}}}}`).object(t, 200)
	want := []string{"capabilities", "created", "description", "expires", "expirySeconds", "id", "invalid", "key", "keyType", "userId"}
	if got := members(created); !reflect.DeepEqual(got, want) {
		t.Errorf("the created key has the members %v, not %v", got, want)
	}
	if hasNull(created) {
		t.Error("a member is null")
	}
	id, _ := created["id"].(string)
	path := keysPath + "/" + id

	read := s.call(t, "GET", path, "").object(t, 200)
	delete(created, "key")
	if !reflect.DeepEqual(read, created) {
		t.Errorf("read %v, created %v", read, created)
	}
	capabilities, _ := json.Marshal(read["capabilities"])
	if got := string(capabilities); got != `{"devices":{"create":{"ephemeral":false,"preauthorized":false,"reusable":false,"tags":[]}}}` {
		t.Errorf("capabilities are %s", got)
	}
	for _, name := range []string{"created", "expires"} {
		text, _ := read[name].(string)
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil || !strings.HasSuffix(text, "Z") {
			t.Errorf("%s is %q", name, text)
		}
	}

	list := s.call(t, "GET", keysPath+"?all=true", "").object(t, 200)
	if got := members(list); !reflect.DeepEqual(got, []string{"keys"}) {
		// The client decodes every member as a list of keys.
		t.Errorf("the list has the members %v", got)
	}
	if hasNull(list) {
		t.Error("a member of the list is null")
	}

	if deleted := s.call(t, "DELETE", path, ""); deleted.status != 200 {
		t.Errorf("delete: status %d: %s", deleted.status, deleted.body)
	}
	ended := s.call(t, "GET", path, "").object(t, 200)
	want = []string{"capabilities", "created", "description", "expires", "expirySeconds", "id", "invalid", "keyType", "revoked", "userId"}
	if got := members(ended); !reflect.DeepEqual(got, want) {
		t.Errorf("the revoked key has the members %v, not %v", got, want)
	}
}

func TestSecretsAreNotCached(t *testing.T) {
	s := need(t)
	created := s.call(t, "POST", keysPath, `{"capabilities":{"devices":{}}}`)
	object := created.object(t, 200)
	if got := created.header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
		t.Errorf("Cache-Control is %q", got)
	}
	s.call(t, "DELETE", keysPath+"/"+object["id"].(string), "")
}

// What clients other than this one send.
func TestBodiesOfOtherClients(t *testing.T) {
	s := need(t)
	for name, test := range map[string]struct {
		body, contentType string
	}{
		"no Content-Type":      {`{"capabilities":{"devices":{"create":{"reusable":true}}}}`, ""},
		"with charset":         {`{"capabilities":{"devices":{"create":{"reusable":true}}}}`, "application/json; charset=utf-8"},
		"as curl sends it":     {`{"capabilities":{"devices":{"create":{"reusable":true}}}}`, "application/x-www-form-urlencoded"},
		"tags are null":        {`{"capabilities":{"devices":{"create":{"reusable":true,"tags":null}}},"expirySeconds":0,"description":""}`, "application/json"},
		"keyType is named":     {`{"keyType":"auth","capabilities":{"devices":{"create":{"reusable":true}}},"expirySeconds":86400}`, "application/json"},
		"a member nobody uses": {`{"capabilities":{"devices":{"create":{"reusable":true}}},"comment":"x"}`, "application/json"},
		"a member twice":       {`{"description":"first","description":"","capabilities":{"devices":{"create":{"reusable":true}}}}`, "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			object := s.call(t, "POST", keysPath, test.body, header("Content-Type", test.contentType)).object(t, 200)
			create := object["capabilities"].(map[string]any)["devices"].(map[string]any)["create"].(map[string]any)
			if create["reusable"] != true || object["description"] != "" {
				t.Errorf("answered with %v", members(object))
			}
			s.call(t, "DELETE", keysPath+"/"+object["id"].(string), "")
		})
	}
}

func TestMalformedRequestsAreAnsweredInJSON(t *testing.T) {
	s := need(t)
	for name, test := range map[string]struct {
		method, path, body string
		status             int
	}{
		"not JSON":            {"POST", keysPath, `{"capabilities":`, 400},
		"not an object":       {"POST", keysPath, `[]`, 400},
		"empty":               {"POST", keysPath, ``, 400},
		"no capabilities":     {"POST", keysPath, `{}`, 400},
		"expiry as text":      {"POST", keysPath, `{"capabilities":{"devices":{}},"expirySeconds":"2160h"}`, 400},
		"expiry in parts":     {"POST", keysPath, `{"capabilities":{"devices":{}},"expirySeconds":1.5}`, 400},
		"tags as text":        {"POST", keysPath, `{"capabilities":{"devices":{"create":{"tags":"tag:ci"}}}}`, 400},
		"API token over REST": {"POST", keysPath, `{"keyType":"api","expirySeconds":86400}`, 400},
		"unknown type":        {"POST", keysPath, `{"keyType":"spare","capabilities":{"devices":{}}}`, 400},
		"unknown route":       {"GET", "/api/v2/tailnet/-/locks", ``, 404},
		"wrong method":        {"PATCH", keysPath, `{}`, 405},
	} {
		t.Run(name, func(t *testing.T) {
			s.call(t, test.method, test.path, test.body).refused(t, test.status)
		})
	}
}

func TestUnknownRouteAnswersLikeUpstream(t *testing.T) {
	if got := need(t).call(t, "GET", "/api/v2/nowhere", "").refused(t, 404); got != "404 page not found" {
		t.Errorf("message is %q", got)
	}
}

// A key that is missing and one that was never there look alike.
func TestHiddenEqualsMissing(t *testing.T) {
	s := need(t)
	one := s.call(t, "GET", keysPath+"/k11111111111CNTRL", "")
	two := s.call(t, "GET", "/api/v2/tailnet/foreign.example/keys/k11111111111CNTRL", "")
	one.refused(t, 404)
	two.refused(t, 404)
}

// get-authkey and the tailscale command append the path to a base URL as it was typed.
func TestDoubledSlashBeforeThePath(t *testing.T) {
	s := need(t)
	for _, path := range []string{"/" + keysPath, "//" + keysPath + "?all=true"} {
		got := s.call(t, "GET", path, "").object(t, 200)
		if _, listed := got["keys"].([]any); !listed {
			t.Errorf("%s answered with %v", path, members(got))
		}
	}
	created := s.call(t, "POST", "/"+keysPath, `{"capabilities":{"devices":{"create":{}}}}`).object(t, 200)
	s.call(t, "DELETE", "/"+keysPath+"/"+created["id"].(string), "")
}

func TestAuthorizationHeaderForms(t *testing.T) {
	s := need(t)
	for name, value := range map[string]string{
		"bearer in lower case": "bearer " + s.token,
		"BEARER in upper case": "BEARER " + s.token,
	} {
		t.Run(name, func(t *testing.T) {
			s.call(t, "GET", keysPath, "", header("Authorization", value)).object(t, 200)
		})
	}
	t.Run("Basic with a password", func(t *testing.T) {
		s.call(t, "GET", keysPath, "", func(req *http.Request) { req.SetBasicAuth(s.token, "ignored") }).object(t, 200)
	})
	t.Run("two headers", func(t *testing.T) {
		twice := func(req *http.Request) { req.Header.Add("Authorization", "Bearer "+s.token) }
		s.call(t, "GET", keysPath, "", twice).refused(t, 400)
	})
	t.Run("another scheme", func(t *testing.T) {
		got := s.call(t, "GET", keysPath, "", header("Authorization", "Digest "+s.token)).refused(t, 401)
		if got != "API token invalid" {
			t.Errorf("message is %q", got)
		}
	})
}
