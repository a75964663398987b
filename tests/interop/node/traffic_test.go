package node

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tailscale.com/tsnet"
)

// greetAt in the environment makes the test binary a web server at that address: one that runs in a network
// namespace.
const greetAt = "LATCHKEY_TEST_GREET_AT"

const greeting = "hello from "

func greet(address string) {
	name, _ := os.Hostname()
	fmt.Fprintln(os.Stderr, http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, greeting+name)
	})))
	os.Exit(1)
}

// serve runs a web server on the machine's own loopback address: userspace networking passes to it what peers
// send to that port.
func (m *machine) serve(t *testing.T, port string) {
	t.Helper()
	web := m.command(os.Args[0])
	web.Env = append(os.Environ(), greetAt+"=127.0.0.1:"+port)
	if err := web.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = web.Process.Kill(); _ = web.Wait() })
}

// get asks the web server of a peer, over the tailnet.
func (m *machine) get(t *testing.T, peer, port string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	nc := exec.CommandContext(ctx, filepath.Join(programDirectory, "tailscale"), "--socket="+m.socket(), "nc", peer, port)
	// nc ends the connection with its input, and does not end with its output.
	input, err := nc.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := nc.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(input, "GET / HTTP/1.0\r\n\r\n")
	var answer bytes.Buffer
	for buffer := make([]byte, 4096); !strings.Contains(answer.String(), greeting); {
		count, err := output.Read(buffer)
		answer.Write(buffer[:count])
		if err != nil {
			break
		}
	}
	cancel()
	_ = nc.Wait()
	return answer.String()
}

func address(t *testing.T, m *machine) string {
	t.Helper()
	addresses := m.status(t).Self.TailscaleIPs
	if len(addresses) == 0 {
		t.Fatal(m.name, " has no address")
	}
	return addresses[0]
}

// talkThroughTheRelay shows that both ping by the relay alone, and speak HTTP both ways.
func talkThroughTheRelay(t *testing.T, one, two *machine, ports [2]string) {
	t.Helper()
	one.serve(t, ports[0])
	two.serve(t, ports[1])
	for i, pair := range [][2]*machine{{two, one}, {one, two}} {
		from, to := pair[0], pair[1]
		eventually(t, 40*time.Second, from.name+" pings "+to.name, func() bool {
			output, err := from.tailscale("ping", "--c=1", "--timeout=3s", "--until-direct=false", to.name)
			if err == nil && !strings.Contains(output, "via DERP(latchkey)") {
				t.Fatalf("not through the relay: %s", output)
			}
			return err == nil
		})
		eventually(t, 40*time.Second, from.name+" speaks HTTP with "+to.name, func() bool {
			return strings.Contains(from.get(t, address(t, to), ports[i]), greeting)
		})
	}
}

// Where devices send no packet directly, everything goes through the relay.
func TestDevicesTalkThroughTheRelay(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	key := s.authKey(t, `"reusable":true`)
	var machines [2]*machine
	for i, name := range []string{"one", "two"} {
		machines[i] = &machine{dir: t.TempDir(), server: s, name: name, environment: []string{"TS_DEBUG_NEVER_DIRECT_UDP=1"}}
		machines[i].begin(t)
		machines[i].mustUp(t, key.Key)
	}
	talkThroughTheRelay(t, machines[0], machines[1], [2]string{freePort(t), freePort(t)})
}

// Two networks that reach the server, and not each other.
func TestDevicesOfSeparateNetworksTalkThroughTheRelay(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("ip(8) is missing")
	}
	// A private block that nothing else here is likely to use; the process id keeps parallel runs apart.
	block := 64 + os.Getpid()%128
	host := fmt.Sprintf("10.91.%d.1", block)
	var machines [2]*machine
	for i, name := range []string{"one", "two"} {
		namespace := fmt.Sprintf("latchkey-%d-%d", os.Getpid(), i)
		near, far := fmt.Sprintf("10.91.%d.%d", block, 4*i+1), fmt.Sprintf("10.91.%d.%d", block, 4*i+2)
		inside, outside := fmt.Sprintf("lki%d-%d", os.Getpid()%100000, i), fmt.Sprintf("lko%d-%d", os.Getpid()%100000, i)
		t.Cleanup(func() {
			_ = exec.Command("ip", "netns", "del", namespace).Run()
			_ = exec.Command("ip", "link", "del", outside).Run()
		})
		for _, line := range []string{
			"netns add " + namespace,
			"link add " + outside + " type veth peer name " + inside + " netns " + namespace,
			"addr add " + near + "/30 dev " + outside,
			"link set " + outside + " up",
			"-n " + namespace + " link set lo up",
			"-n " + namespace + " addr add " + far + "/30 dev " + inside,
			"-n " + namespace + " link set " + inside + " up",
			"-n " + namespace + " route add default via " + near,
			// Not even where the host forwards.
			"-n " + namespace + fmt.Sprintf(" route add unreachable 10.91.%d.%d/30", block, 4*(1-i)),
			"-n " + namespace + " route replace " + host + "/32 via " + near,
		} {
			if i == 0 && strings.Contains(line, "route replace") {
				continue
			}
			if output, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
				t.Skipf("no network namespaces here: ip %s: %v: %s", line, err, output)
			}
		}
		machines[i] = &machine{dir: t.TempDir(), name: name, namespace: namespace}
	}
	s := newServerOn(t, host+":0")
	key := s.authKey(t, `"reusable":true`)
	for _, m := range machines {
		m.server = s
		m.begin(t)
		m.mustUp(t, key.Key)
	}
	talkThroughTheRelay(t, machines[0], machines[1], [2]string{"8000", "8000"})
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return fmt.Sprint(netip.MustParseAddrPort(listener.Addr().String()).Port())
}

// R16: programs with a node inside join by key and speak HTTP over the tailnet, both ways, by name and by address.
func TestR16ProgramsWithANodeInsideTalk(t *testing.T) {
	s := newServer(t)
	t.Setenv("TS_NO_LOGS_NO_SUPPORT", "1")
	ctx, cancel := context.WithTimeout(context.Background(), 120*time.Second)
	defer cancel()
	keys := map[string]authKey{
		"north": s.authKey(t, `"reusable":true,"tags":["tag:ci"]`),
		"south": s.authKey(t, `"reusable":false,"ephemeral":true`),
	}
	nodes := map[string]*tsnet.Server{}
	addresses := map[string]string{}
	for name, key := range keys {
		node := &tsnet.Server{Dir: t.TempDir(), Hostname: name, ControlURL: s.url, AuthKey: key.Key, Ephemeral: name == "south",
			Logf: func(string, ...any) {}, UserLogf: func(string, ...any) {}}
		t.Cleanup(func() { _ = node.Close() })
		status, err := node.Up(ctx)
		if err != nil {
			t.Fatal(name, ": ", err)
		}
		listener, err := node.Listen("tcp", ":80")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, greeting+name)
			}))
		}()
		nodes[name], addresses[name] = node, status.TailscaleIPs[0].String()
	}
	for from, to := range map[string]string{"north": "south", "south": "north"} {
		for _, host := range []string{addresses[to], to, to + ".example-com.latchkey.internal"} {
			eventually(t, 60*time.Second, from+" asks "+host, func() bool {
				request, _ := http.NewRequestWithContext(ctx, "GET", "http://"+host+"/", nil)
				response, err := nodes[from].HTTPClient().Do(request)
				if err != nil {
					return false
				}
				body, _ := io.ReadAll(response.Body)
				_ = response.Body.Close()
				return string(body) == greeting+to
			})
		}
	}
	devices := s.devices(t)
	if tags := devices["north"].Tags; len(tags) != 1 || tags[0] != "tag:ci" {
		t.Errorf("north has the tags %v", tags)
	}
}
