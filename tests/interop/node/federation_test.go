package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// issuer gives tokens to workloads, as a CI service does: discovery, a key set, ES256.
type issuer struct {
	url string
	key *ecdsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, i.url, i.url+"/keys")
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		point := func(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }
		public, err := key.PublicKey.Bytes() // 4, x, y
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, `{"keys":[{"kty":"EC","crv":"P-256","kid":"1","alg":"ES256","use":"sig","x":%q,"y":%q}]}`, point(public[1:33]), point(public[33:]))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

func (i *issuer) token(t *testing.T, audience, subject string) string {
	t.Helper()
	part := func(value any) string {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	now := time.Now().Unix()
	input := part(map[string]string{"alg": "ES256", "kid": "1", "typ": "JWT"}) + "." +
		part(map[string]any{"iss": i.url, "aud": audience, "sub": subject, "iat": now, "exp": now + 300, "jti": rand.Text()})
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// The stock command line joins with a token of an outside issuer, without any secret of this server.
func TestADeviceJoinsByATokenOfAnIssuer(t *testing.T) {
	t.Parallel()
	s := newServer(t, "LATCHKEY_FEDERATION_ALLOW_HTTP=true", "LATCHKEY_FEDERATION_ALLOW_NETWORKS=127.0.0.1")
	s.setPolicy(t, ciPolicy)
	outside := newIssuer(t)
	var identity struct{ ID, Audience string }
	answer := s.call(t, "POST", "/api/v2/tailnet/-/keys", fmt.Sprintf(`{"keyType":"federated","scopes":["auth_keys"],"tags":["tag:ci"],
		"issuer":%q,"subject":"repo:example/*"}`, outside.url))
	if err := json.Unmarshal(answer, &identity); err != nil {
		t.Fatal(err)
	}
	up := func(name, token string) (string, error) {
		m := newMachine(t, s, name)
		return m.tailscale("up", "--login-server="+s.url, "--client-id="+identity.ID+"?ephemeral=false&preauthorized=true", "--id-token="+token,
			"--hostname="+name, "--advertise-tags=tag:ci")
	}
	if output, err := up("federated", outside.token(t, identity.Audience, "repo:example/web")); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if joined := s.devices(t)["federated"]; len(joined.Tags) != 1 || joined.Tags[0] != "tag:ci" {
		t.Errorf("the device has the tags %v", joined.Tags)
	}
	if output, err := up("stranger", outside.token(t, identity.Audience, "repo:other/web")); err == nil {
		t.Errorf("a stranger joined: %s", output)
	}
	var shown struct{ LastError string }
	if err := json.Unmarshal(s.call(t, "GET", "/api/v2/tailnet/-/keys/"+identity.ID+"?fields=all", ""), &shown); err != nil || !strings.Contains(shown.LastError, "repo:other/web") {
		t.Errorf("the identity shows %q, %v", shown.LastError, err)
	}
}
