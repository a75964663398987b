// Package derp drives the relay with the client that devices use.
//
// LATCHKEY_DERP_RELAY names the relay's program (tests/interop/programs/derp_relay.cc); without it every test is skipped.
package derp

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tailscale.com/derp"
	"tailscale.com/derp/derphttp"
	"tailscale.com/net/netmon"
	"tailscale.com/net/stun"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

const patience = 20 * time.Second

type relay struct {
	t        *testing.T
	region   *tailcfg.DERPRegion
	commands io.WriteCloser
	answers  *bufio.Reader
}

func startRelay(t *testing.T) *relay {
	t.Helper()
	program := os.Getenv("LATCHKEY_DERP_RELAY")
	if program == "" {
		t.Skip("LATCHKEY_DERP_RELAY is not set")
	}
	process := exec.Command(program)
	process.Stderr = os.Stderr
	commands, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, commands: commands, answers: bufio.NewReader(output)}
	t.Cleanup(func() {
		commands.Close()
		if err := process.Wait(); err != nil {
			t.Errorf("the relay did not end well: %v", err)
		}
	})
	line, err := r.answers.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var derpMap tailcfg.DERPMap
	if err := json.Unmarshal([]byte(line), &derpMap); err != nil {
		t.Fatalf("the DERP map %q: %v", line, err)
	}
	r.region = derpMap.Regions[900]
	if r.region == nil || len(r.region.Nodes) != 1 {
		t.Fatalf("the DERP map has no region 900 with one relay: %s", line)
	}
	return r
}

func (r *relay) tell(command string, node key.NodePublic) {
	r.t.Helper()
	text, _ := node.MarshalText()
	fmt.Fprintf(r.commands, "%s %s\n", command, text)
	if answer, err := r.answers.ReadString('\n'); err != nil || answer != "done\n" {
		r.t.Fatalf("%s: %q, %v", command, answer, err)
	}
}

// device is a connected client, and what it receives.
type device struct {
	*derphttp.Client
	key      key.NodePrivate
	received chan any // derp.ReceivedMessage, or the error that ended the connection
}

func (r *relay) connect(node key.NodePrivate) *device {
	r.t.Helper()
	client := derphttp.NewRegionClient(node, r.t.Logf, netmon.NewStatic(), func() *tailcfg.DERPRegion { return r.region })
	r.t.Cleanup(func() { client.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := client.Connect(ctx); err != nil {
		r.t.Fatal(err)
	}
	d := &device{Client: client, key: node, received: make(chan any, 64)}
	go func() {
		for {
			message, err := client.Recv()
			if err != nil {
				d.received <- err
				return
			}
			if packet, ok := message.(derp.ReceivedPacket); ok {
				packet.Data = append([]byte(nil), packet.Data...) // it aliases the client's buffer
				message = packet
			}
			d.received <- message
		}
	}()
	return d
}

func (r *relay) guest() *device {
	r.t.Helper()
	node := key.NewNode()
	r.tell("admit", node.Public())
	d := r.connect(node)
	if _, ok := d.next(r.t).(derp.ServerInfoMessage); !ok {
		r.t.Fatal("the first message is not the server's information")
	}
	return d
}

func (d *device) next(t *testing.T) any {
	t.Helper()
	select {
	case message := <-d.received:
		return message
	case <-time.After(patience):
		t.Fatal("nothing was received")
		return nil
	}
}

func expectPacket(t *testing.T, at, from *device, want string) {
	t.Helper()
	packet, ok := at.next(t).(derp.ReceivedPacket)
	if !ok || packet.Source != from.key.Public() || string(packet.Data) != want {
		t.Fatalf("received %v", packet)
	}
}

func TestPacketsPassBetweenTwoClients(t *testing.T) {
	r := startRelay(t)
	one, two := r.guest(), r.guest()
	for _, text := range []string{"", "hello", strings.Repeat("x", 1400), strings.Repeat("y", derp.MaxPacketSize)} {
		if err := one.Send(two.key.Public(), []byte(text)); err != nil {
			t.Fatal(err)
		}
		expectPacket(t, two, one, text)
		if err := two.Send(one.key.Public(), []byte("re: " + text)[:len(text)]); err != nil {
			t.Fatal(err)
		}
		expectPacket(t, one, two, ("re: " + text)[:len(text)])
	}
}

func TestTheRelaysKeyIsTheOneItProves(t *testing.T) {
	r := startRelay(t)
	d := r.guest()
	if d.ServerPublicKey().IsZero() {
		t.Fatal("the client knows no key of the relay")
	}
	if d.ServerPublicKey() != r.guest().ServerPublicKey() {
		t.Fatal("the key changes")
	}
}

func TestPingIsAnswered(t *testing.T) {
	r := startRelay(t)
	d := r.guest()
	data := derp.PingMessage{1, 2, 3, 4, 5, 6, 7, 8}
	if err := d.SendPing([8]byte(data)); err != nil {
		t.Fatal(err)
	}
	if pong, ok := d.next(t).(derp.PongMessage); !ok || pong != derp.PongMessage(data) {
		t.Fatalf("received %v", pong)
	}
	d.NotePreferred(true)
}

func TestAnUnknownKeyIsRefused(t *testing.T) {
	r := startRelay(t)
	stranger := r.connect(key.NewNode())
	if _, ok := stranger.next(t).(error); !ok {
		t.Fatal("a stranger was let in")
	}
}

func TestAnAbsentPeerIsNamed(t *testing.T) {
	r := startRelay(t)
	d := r.guest()
	absent := key.NewNode().Public()
	if err := d.Send(absent, []byte("hello?")); err != nil {
		t.Fatal(err)
	}
	gone, ok := d.next(t).(derp.PeerGoneMessage)
	if !ok || gone.Peer != absent || gone.Reason != derp.PeerGoneReasonNotHere {
		t.Fatalf("received %v", gone)
	}
}

func TestARemovedDeviceIsCutOffAndItsPeersAreTold(t *testing.T) {
	r := startRelay(t)
	stays, goes := r.guest(), r.guest()
	if err := goes.Send(stays.key.Public(), []byte("hello")); err != nil {
		t.Fatal(err)
	}
	expectPacket(t, stays, goes, "hello")
	r.tell("disconnect", goes.key.Public())
	if _, ok := goes.next(t).(error); !ok {
		t.Fatal("the removed device is still connected")
	}
	gone, ok := stays.next(t).(derp.PeerGoneMessage)
	if !ok || gone.Peer != goes.key.Public() || gone.Reason != derp.PeerGoneReasonDisconnected {
		t.Fatalf("received %v", gone)
	}
}

func TestAStoppingRelayAsksItsClientsToReturn(t *testing.T) {
	r := startRelay(t)
	d := r.guest()
	r.commands.Close()
	if _, ok := d.next(t).(derp.ServerRestartingMessage); !ok {
		t.Fatal("the client was not told")
	}
}

func TestAWrongPinIsRefusedByTheClient(t *testing.T) {
	r := startRelay(t)
	node := *r.region.Nodes[0]
	node.CertName = "sha256-raw:" + strings.Repeat("0", 64)
	region := *r.region
	region.Nodes = []*tailcfg.DERPNode{&node}
	client := derphttp.NewRegionClient(key.NewNode(), t.Logf, netmon.NewStatic(), func() *tailcfg.DERPRegion { return &region })
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := client.Connect(ctx); err == nil || !strings.Contains(err.Error(), "hash") {
		t.Fatalf("connected: %v", err)
	}
}

func TestStunTellsTheClientsAddress(t *testing.T) {
	r := startRelay(t)
	relay, err := net.ResolveUDPAddr("udp4", fmt.Sprintf("127.0.0.1:%d", r.region.Nodes[0].STUNPort))
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	socket.SetDeadline(time.Now().Add(patience))
	transaction := stun.NewTxID()
	if _, err := socket.WriteTo(stun.Request(transaction), relay); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 512)
	size, err := socket.Read(answer)
	if err != nil {
		t.Fatal(err)
	}
	answered, address, err := stun.ParseResponse(answer[:size])
	if err != nil || answered != transaction || address != netip.MustParseAddrPort(socket.LocalAddr().String()) {
		t.Fatalf("answered %v, %v, %v", answered == transaction, address, err)
	}
}
