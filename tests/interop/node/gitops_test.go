package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate writes a certificate of its own for 127.0.0.1 and the key, and gives their paths.
func certificate(t *testing.T) (certificatePath, keyPath string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDer, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("certificate.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", keyDer)
}

// The vendor's program that keeps the policy file in a repository: by an OAuth client that holds nothing else.
func TestGitopsPusherKeepsThePolicyFile(t *testing.T) {
	t.Parallel()
	certificatePath, keyPath := certificate(t)
	s := newServer(t, "LATCHKEY_TLS_CERTIFICATE="+certificatePath, "LATCHKEY_TLS_KEY="+keyPath)
	pool := x509.NewCertPool()
	text, err := os.ReadFile(certificatePath)
	if err != nil {
		t.Fatal(err)
	}
	pool.AppendCertsFromPEM(text)
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	client := s.oauthClient(t, `"scopes":["policy_file"]`)

	file := filepath.Join(t.TempDir(), "policy.hujson")
	pusher := func(policy, command string) (string, error) {
		t.Helper()
		if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
			t.Fatal(err)
		}
		return runWith(t, []string{"SSL_CERT_FILE=" + certificatePath, "TS_TAILNET=-", "TS_OAUTH_ID=" + client.ID, "TS_OAUTH_SECRET=" + client.Key},
			"gitops-pusher", "--api-server="+strings.TrimPrefix(s.url, "https://"), "--policy-file="+file,
			"--cache-file="+filepath.Join(filepath.Dir(file), "cache.json"), command)
	}
	if output, err := pusher(`{"acls": [{"action": "accept", "src": ["group:none"], "dst": ["*:*"]}]}`, "test"); err == nil || !strings.Contains(output, "group:none") {
		t.Errorf("a bad policy: %v, %s", err, output)
	}
	if output, err := pusher(ciPolicy, "test"); err != nil {
		t.Errorf("a good policy: %v, %s", err, output)
	}
	if output, err := pusher(ciPolicy, "apply"); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if stored := string(s.call(t, "GET", "/api/v2/tailnet/-/acl", "")); !strings.Contains(stored, "tag:ci") {
		t.Errorf("stored is %s", stored)
	}
	if output, err := pusher(ciPolicy, "apply"); err != nil || !strings.Contains(output, "no update needed") {
		t.Errorf("again: %v, %s", err, output)
	}
}
