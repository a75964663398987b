package node

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type oauthClient struct{ ID, Key string }

func (s *server) oauthClient(t *testing.T, members string) oauthClient {
	t.Helper()
	var made oauthClient
	if err := json.Unmarshal(s.call(t, "POST", "/api/v2/tailnet/-/keys", `{"keyType":"client",`+members+`}`), &made); err != nil {
		t.Fatal(err)
	}
	return made
}

func (s *server) setPolicy(t *testing.T, text string) {
	t.Helper()
	s.call(t, "POST", "/api/v2/tailnet/-/acl", text)
}

const ciPolicy = `{"tagOwners": {"tag:ci": []}, "acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]}`

// R19: the stock command line mints a key of its own from the secret of an OAuth client.
func TestR19ADeviceJoinsByTheSecretOfAnOAuthClient(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.setPolicy(t, ciPolicy)
	client := s.oauthClient(t, `"scopes":["auth_keys"],"tags":["tag:ci"]`)
	m := newMachine(t, s, "minted")
	// Without baseURL it would ask the hosted service.
	options := url.Values{"baseURL": {s.url}, "ephemeral": {"false"}, "preauthorized": {"true"}}.Encode()
	m.mustUp(t, client.Key+"?"+options, "--advertise-tags=tag:ci")
	joined := s.devices(t)["minted"]
	if len(joined.Tags) != 1 || joined.Tags[0] != "tag:ci" {
		t.Errorf("the device has the tags %v", joined.Tags)
	}
	if output, err := newMachine(t, s, "other").up(client.Key+"?"+options, "--advertise-tags=tag:db"); err == nil || !strings.Contains(output, "requested tags [tag:db] are invalid or not permitted") {
		t.Errorf("with a tag that the client does not have: %v, %s", err, output)
	}
}

// runWith runs a program of the vendor's that goes by its environment.
func runWith(t *testing.T, environment []string, program string, arguments ...string) (string, error) {
	t.Helper()
	command := exec.Command(filepath.Join(programs(t), program), arguments...)
	command.Env = append(os.Environ(), environment...)
	output, err := command.CombinedOutput()
	return string(output), err
}

func TestGetAuthkeyMintsAKeyThatLetsADeviceIn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.setPolicy(t, ciPolicy)
	client := s.oauthClient(t, `"scopes":["auth_keys"],"tags":["tag:ci"]`)
	environment := []string{"TS_API_CLIENT_ID=" + client.ID, "TS_API_CLIENT_SECRET=" + client.Key, "TS_BASE_URL=" + s.url}
	key, err := runWith(t, environment, "get-authkey", "-tags=tag:ci")
	if err != nil {
		t.Fatalf("%v: %s", err, key)
	}
	newMachine(t, s, "by-key").mustUp(t, strings.TrimSpace(key))
	eventually(t, 10*time.Second, "the device is listed", func() bool { return s.devices(t)["by-key"].Tags != nil })

	s.call(t, "DELETE", "/api/v2/tailnet/-/keys/"+client.ID, "")
	if output, err := runWith(t, environment, "get-authkey", "-tags=tag:ci"); err == nil || !strings.Contains(output, "invalid_client") {
		t.Errorf("with a revoked client: %v, %s", err, output)
	}
}
