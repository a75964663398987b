package interop

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"tailscale.com/client/tailscale/v2"
)

// bearer puts the token into the other form of the Authorization header, as the client's OAuth mode does.
type bearer string

func (b bearer) HTTPClient(orig *http.Client, _ string) *http.Client {
	return &http.Client{Transport: b, Timeout: orig.Timeout}
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(req)
}

func TestEveryWayToConfigureTheClient(t *testing.T) {
	s := need(t)
	slash := s.base(t)
	slash.Path = "/"
	for name, client := range map[string]*tailscale.Client{
		"APIKey":                   {BaseURL: s.base(t), APIKey: s.token},
		"APIKey and UserAgent":     {BaseURL: s.base(t), APIKey: s.token, UserAgent: "interop/1.0 (a test)"},
		"Bearer":                   {BaseURL: s.base(t), Auth: bearer(s.token)},
		"Bearer and UserAgent":     {BaseURL: s.base(t), Auth: bearer(s.token), UserAgent: "interop/1.0"},
		"tailnet -":                {BaseURL: s.base(t), APIKey: s.token, Tailnet: "-"},
		"base URL ends in a slash": {BaseURL: slash, APIKey: s.token},
	} {
		t.Run(name, func(t *testing.T) {
			want := wanted(true, false, true, []string{"tag:ci"}, 600, "by "+strings.ReplaceAll(name, "-", "dash"))
			key := create(t, client, want)
			got, err := client.Keys().Get(t.Context(), key.ID)
			if err != nil {
				t.Fatal(err)
			}
			checkLive(t, got, want)
			if find(t, client, true, key.ID) == nil {
				t.Error("the key is not listed")
			}
		})
	}
}

func TestWrongTokensAreRefused(t *testing.T) {
	s := need(t)
	authKey := create(t, s.client(t), wanted(false, false, false, nil, 600, ""))
	last := len(s.token) - 1
	for name, token := range map[string]string{
		"another secret": s.token[:last] + string(other(rune(s.token[last]))),
		"folded case":    foldOne(s.token),
		"cut off":        s.token[:last],
		"with a space":   s.token + " ",
		"no key at all":  "hello",
		"an auth key":    authKey.Key,
	} {
		for form, client := range map[string]*tailscale.Client{
			"Basic":  {BaseURL: s.base(t), APIKey: token},
			"Bearer": {BaseURL: s.base(t), Auth: bearer(token)},
		} {
			if form == "Bearer" && strings.HasSuffix(token, " ") {
				continue // white space around a header's value is not part of it
			}
			t.Run(form+"/"+name, func(t *testing.T) {
				_, err := client.Keys().List(t.Context(), true)
				refusal := apiError(t, err, http.StatusUnauthorized)
				if name != "an auth key" && refusal.Message != "API token invalid" {
					t.Errorf("message is %q", refusal.Message)
				}
				if strings.Contains(refusal.Message, token) {
					t.Error("the message repeats the token")
				}
			})
		}
	}
	t.Run("none", func(t *testing.T) {
		client := &tailscale.Client{BaseURL: s.base(t)}
		_, err := client.Keys().List(t.Context(), true)
		if refusal := apiError(t, err, http.StatusUnauthorized); refusal.Message != "API token invalid" {
			t.Errorf("message is %q", refusal.Message)
		}
	})
}

// other gives a base58 character that is not this one.
func other(c rune) rune {
	if c == '7' {
		return '8'
	}
	return '7'
}

// foldOne turns the case of the last letter of the secret whose other case is base58 too.
func foldOne(token string) string {
	text := []rune(token)
	for n := len(text) - 1; n >= 0; n-- {
		turned := unicode.ToUpper(text[n])
		if turned == text[n] {
			turned = unicode.ToLower(text[n])
		}
		if turned != text[n] && !strings.ContainsRune("OIl", turned) {
			text[n] = turned
			break
		}
	}
	return string(text)
}

// R15: the next request with a revoked token is refused, at once; others go on.
func TestRevokedTokenIsRefusedAtOnce(t *testing.T) {
	s := need(t)
	if s.binary == "" {
		t.Skip("tokens are made on the server's machine, and this server is not ours")
	}
	made, err := s.command("keys create", "--type", "api", "--output", "json")
	if err != nil {
		t.Fatal(err)
	}
	var token struct{ ID, KeyType, Key string }
	if err := json.Unmarshal(made, &token); err != nil {
		t.Fatalf("keys create did not answer with one JSON object: %v", err)
	}
	if token.KeyType != "api" || !strings.HasPrefix(token.Key, "tskey-api-"+token.ID+"-") {
		t.Fatalf("made a %q with id %q", token.KeyType, token.ID)
	}
	second := &tailscale.Client{BaseURL: s.base(t), APIKey: token.Key}
	if _, err := second.Keys().List(t.Context(), false); err != nil {
		t.Fatalf("before it is revoked: %v", err)
	}
	if err := s.client(t).Keys().Delete(t.Context(), token.ID); err != nil {
		t.Fatal(err)
	}
	_, err = second.Keys().List(t.Context(), false)
	if refusal := apiError(t, err, http.StatusUnauthorized); refusal.Message != "API token invalid" {
		t.Errorf("message is %q", refusal.Message)
	}
	if _, err := s.client(t).Keys().List(t.Context(), false); err != nil {
		t.Errorf("another token: %v", err)
	}
	got, err := s.client(t).Keys().Get(t.Context(), token.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.KeyType != "api" || !got.Invalid || got.Revoked.IsZero() || got.Key != "" {
		t.Errorf("the revoked token reads as type %q, invalid %v, revoked %v", got.KeyType, got.Invalid, got.Revoked)
	}
}

func TestTailnetInThePath(t *testing.T) {
	s := need(t)
	t.Run("by name", func(t *testing.T) {
		if s.tailnet == "" {
			t.Skip("LATCHKEY_TAILNET is not set")
		}
		for _, name := range []string{s.tailnet, strings.ToUpper(s.tailnet)} {
			client := &tailscale.Client{BaseURL: s.base(t), APIKey: s.token, Tailnet: name}
			key := create(t, client, wanted(false, false, false, nil, 60, ""))
			if find(t, s.client(t), false, key.ID) == nil {
				t.Errorf("a key made under %s is not listed under -", name)
			}
		}
	})
	for _, name := range []string{"foreign.example", "TForeign111CNTRL", "a/b", "alice@foreign.example"} {
		t.Run("foreign "+url.PathEscape(name), func(t *testing.T) {
			client := &tailscale.Client{BaseURL: s.base(t), APIKey: s.token, Tailnet: name}
			if _, err := client.Keys().List(t.Context(), true); !tailscale.IsNotFound(err) {
				t.Errorf("list: %v", err)
			}
			if _, err := client.Keys().CreateAuthKey(t.Context(), wanted(false, false, false, nil, 60, "")); !tailscale.IsNotFound(err) {
				t.Errorf("create: %v", err)
			}
		})
	}
}
