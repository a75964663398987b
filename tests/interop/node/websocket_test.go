package node

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/net/http2"
	"tailscale.com/control/controlbase"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

// Clients in a browser carry the control protocol in a WebSocket: the vendor's own handshake over the WebSocket
// library that its clients use.
func TestTheControlProtocolGoesThroughAWebSocket(t *testing.T) {
	s := newServer(t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	answer, err := http.Get(s.url + "/key?v=140")
	if err != nil {
		t.Fatal(err)
	}
	var keys struct{ PublicKey key.MachinePublic }
	err = json.NewDecoder(answer.Body).Decode(&keys)
	_ = answer.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	machine := key.NewMachine()
	initiation, handshake, err := controlbase.ClientDeferred(machine, keys.PublicKey, uint16(tailcfg.CurrentCapabilityVersion))
	if err != nil {
		t.Fatal(err)
	}
	address := strings.Replace(s.url, "http://", "ws://", 1) + "/ts2021?" +
		url.Values{"X-Tailscale-Handshake": {base64.StdEncoding.EncodeToString(initiation)}}.Encode()
	socket, _, err := websocket.Dial(ctx, address, &websocket.DialOptions{
		Subprotocols: []string{"tailscale-control-protocol"},
		HTTPHeader:   http.Header{"Origin": {"https://console.example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := handshake(ctx, websocket.NetConn(ctx, socket, websocket.MessageBinary))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	session, err := (&http2.Transport{}).NewClientConn(conn)
	if err != nil {
		t.Fatal(err)
	}
	request, _ := http.NewRequestWithContext(ctx, "GET", "https://control/machine/whoami", nil)
	response, err := session.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK || len(body) == 0 {
		t.Errorf("whoami: %s: %s", response.Status, body)
	}
}
