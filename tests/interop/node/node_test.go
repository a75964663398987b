// Package node joins real, unmodified devices: tailscaled and tailscale built from the vendor's module, with userspace
// networking, against a server of our own. LATCHKEY_BINARY names the server; without it every test is skipped.
package node

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

type server struct {
	url, token, dir string
	process         *exec.Cmd
	listen          string
	settings        []string // LATCHKEY_...=
	client          *http.Client
}

func newServer(t *testing.T, settings ...string) *server {
	t.Helper()
	return newServerOn(t, "127.0.0.1:0", settings...)
}

func newServerOn(t *testing.T, listen string, settings ...string) *server {
	t.Helper()
	binary := os.Getenv("LATCHKEY_BINARY")
	if binary == "" {
		t.Skip("LATCHKEY_BINARY is not set")
	}
	s := &server{dir: t.TempDir(), listen: listen, settings: settings, client: http.DefaultClient}
	answer, err := exec.Command(binary, "init", "--data-dir", s.dir, "--tailnet", "example.com", "--owner", "owner@example.com",
		"--output", "json").Output()
	if err != nil {
		t.Fatal("init: ", err)
	}
	var made struct{ APIToken string }
	if err := json.Unmarshal(answer, &made); err != nil {
		t.Fatal(err)
	}
	s.token = made.APIToken
	s.start(t)
	t.Cleanup(func() { s.stop() })
	return s
}

// start serves on the port it had before, if any.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.process = exec.Command(os.Getenv("LATCHKEY_BINARY"), "serve", "--data-dir", s.dir, "--listen", s.listen, "--log-format", "json")
	s.process.Env = append(os.Environ(), s.settings...)
	log, err := s.process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(log)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var line struct{ Event, URL string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Event == "listening" && line.URL != "" {
				address <- line.URL
			}
		}
	}()
	select {
	case s.url = <-address:
		s.listen = s.url[strings.LastIndex(s.url, "/")+1:]
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not listen")
	}
}

func (s *server) stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	_ = s.process.Wait()
}

func (s *server) call(t *testing.T, method, path, body string) []byte {
	t.Helper()
	request, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return answer
}

type authKey struct{ ID, Key string }

func (s *server) authKey(t *testing.T, create string) authKey {
	t.Helper()
	var key authKey
	answer := s.call(t, "POST", "/api/v2/tailnet/-/keys", `{"capabilities":{"devices":{"create":{`+create+`}}}}`)
	if err := json.Unmarshal(answer, &key); err != nil {
		t.Fatal(err)
	}
	return key
}

type device struct {
	NodeID, Name, Hostname string
	Addresses, Tags        []string
}

func (s *server) devices(t *testing.T) map[string]device {
	t.Helper()
	var list struct{ Devices []device }
	if err := json.Unmarshal(s.call(t, "GET", "/api/v2/tailnet/-/devices", ""), &list); err != nil {
		t.Fatal(err)
	}
	byHost := map[string]device{}
	for _, d := range list.Devices {
		byHost[d.Hostname] = d
	}
	return byHost
}

// machine is one tailscaled with a state directory of its own.
type machine struct {
	dir    string
	daemon *exec.Cmd
	server *server
	name   string
	log    *os.File

	namespace   string   // of the network; empty: the host's
	environment []string // of tailscaled
}

func newMachine(t *testing.T, s *server, name string) *machine {
	t.Helper()
	m := &machine{dir: t.TempDir(), server: s, name: name}
	m.begin(t)
	return m
}

// begin starts it, and ends it with the test.
func (m *machine) begin(t *testing.T) {
	t.Helper()
	m.start(t)
	t.Cleanup(func() {
		m.stop()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(m.dir, "log"))
			lines := bytes.Split(log, []byte("\n"))
			t.Logf("%s, last lines:\n%s", m.name, bytes.Join(lines[max(0, len(lines)-40):], []byte("\n")))
		}
	})
}

// command runs the program where the machine's network is.
func (m *machine) command(program string, arguments ...string) *exec.Cmd {
	if m.namespace != "" {
		arguments = append([]string{"netns", "exec", m.namespace, program}, arguments...)
		program = "ip"
	}
	return exec.Command(program, arguments...)
}

func (m *machine) start(t *testing.T) {
	t.Helper()
	var err error
	m.log, err = os.OpenFile(filepath.Join(m.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	m.daemon = m.command(filepath.Join(programs(t), "tailscaled"), "--tun=userspace-networking", "--statedir="+m.dir,
		"--socket="+m.socket(), "--port=0", "--no-logs-no-support")
	m.daemon.Stdout, m.daemon.Stderr = m.log, m.log
	m.daemon.Env = append(os.Environ(), m.environment...)
	if err := m.daemon.Start(); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := os.Stat(m.socket()); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("tailscaled makes no socket")
}

func (m *machine) stop() {
	_ = m.daemon.Process.Signal(syscall.SIGTERM)
	_ = m.daemon.Wait()
	_ = m.log.Close()
	_ = os.Remove(m.socket())
}

func (m *machine) socket() string { return filepath.Join(m.dir, "s") }

// tailscale runs the command line and gives everything it printed.
func (m *machine) tailscale(arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(programDirectory, "tailscale"), append([]string{"--socket=" + m.socket()}, arguments...)...)
	output, err := command.CombinedOutput()
	return string(output), err
}

func (m *machine) up(key string, more ...string) (string, error) {
	return m.tailscale(append([]string{"up", "--login-server=" + m.server.url, "--auth-key=" + key, "--hostname=" + m.name}, more...)...)
}

func (m *machine) mustUp(t *testing.T, key string, more ...string) {
	t.Helper()
	if output, err := m.up(key, more...); err != nil {
		t.Fatalf("%s up: %v\n%s", m.name, err, output)
	}
}

type status struct {
	BackendState string
	Self         struct {
		DNSName      string
		TailscaleIPs []string
	}
	Peer map[string]peerStatus
}

type peerStatus struct {
	HostName        string
	Online, Expired bool
}

func (m *machine) peer(t *testing.T, name string) (peerStatus, bool) {
	for _, peer := range m.status(t).Peer {
		if peer.HostName == name {
			return peer, true
		}
	}
	return peerStatus{}, false
}

func (m *machine) status(t *testing.T) status {
	t.Helper()
	output, err := m.tailscale("status", "--json")
	var s status
	if jsonErr := json.Unmarshal([]byte(output), &s); jsonErr != nil {
		t.Fatalf("status: %v: %s", err, output)
	}
	return s
}

func (m *machine) hasPeer(t *testing.T, name string) bool {
	_, is := m.peer(t, name)
	return is
}

func eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < within; time.Sleep(100 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within %v: %s", within, what)
}

var programDirectory string

func programs(t *testing.T) string {
	t.Helper()
	if programDirectory == "" {
		t.Fatal("the programs were not built")
	}
	return programDirectory
}

func TestMain(m *testing.M) {
	if address := os.Getenv(greetAt); address != "" {
		greet(address)
	}
	status := 0
	if os.Getenv("LATCHKEY_BINARY") != "" {
		directory, err := os.MkdirTemp("", "latchkey-node")
		if err == nil {
			build := exec.Command("go", "build", "-o", directory+"/", "tailscale.com/cmd/tailscale", "tailscale.com/cmd/tailscaled",
				"tailscale.com/cmd/get-authkey", "tailscale.com/cmd/gitops-pusher")
			build.Stderr = os.Stderr
			err = build.Run()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "building the clients:", err)
			os.Exit(1)
		}
		programDirectory = directory
	}
	status = m.Run()
	_ = os.RemoveAll(programDirectory)
	os.Exit(status)
}

// R16: devices join by key alone and get its tags; they reach each other.
func TestR16TwoDevicesJoinByKeyAndReachEachOther(t *testing.T) {
	s := newServer(t)
	reusable := s.authKey(t, `"reusable":true,"tags":["tag:ci"]`)
	oneOff := s.authKey(t, `"reusable":false,"ephemeral":true`)
	one, two := newMachine(t, s, "one"), newMachine(t, s, "two")
	one.mustUp(t, reusable.Key)
	two.mustUp(t, oneOff.Key)

	devices := s.devices(t)
	if tags := devices["one"].Tags; len(tags) != 1 || tags[0] != "tag:ci" {
		t.Errorf("one has tags %v", tags)
	}
	if name := one.status(t).Self.DNSName; name != "one.example-com.latchkey.internal." {
		t.Errorf("one is called %s", name)
	}
	eventually(t, 20*time.Second, "the devices see each other online", func() bool {
		for _, m := range []*machine{one, two} {
			peers := m.status(t).Peer
			if len(peers) != 1 {
				return false
			}
			for _, peer := range peers {
				if !peer.Online {
					return false
				}
			}
		}
		return true
	})
	for _, pair := range [][2]*machine{{one, two}, {two, one}} {
		if output, err := pair[0].tailscale("ping", "--c=5", "--timeout=5s", pair[1].name); err != nil {
			t.Errorf("%s does not reach %s: %v\n%s", pair[0].name, pair[1].name, err, output)
		}
	}
}

// Without a key the device shows an address; a person lets it in there, with the command that stands on the page.
func TestADeviceWithoutAKeyIsLetInByAPerson(t *testing.T) {
	s := newServer(t)
	m := newMachine(t, s, "laptop")
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	up := exec.CommandContext(ctx, filepath.Join(programDirectory, "tailscale"), "--socket="+m.socket(), "up",
		"--login-server="+s.url, "--hostname=laptop")
	screen, err := up.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := up.Start(); err != nil {
		t.Fatal(err)
	}
	var address string
	lines := bufio.NewScanner(screen)
	for address == "" && lines.Scan() {
		if text := strings.TrimSpace(lines.Text()); strings.HasPrefix(text, s.url+"/register/") {
			address = text
		}
	}
	if address == "" {
		t.Fatal("the device shows no address")
	}
	page, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(page.Body)
	_ = page.Body.Close()
	if !bytes.Contains(text, []byte("<dd>laptop</dd>")) || !bytes.Contains(text, []byte("latchkey devices approve ")) {
		t.Errorf("the page: %s: %s", page.Status, text)
	}
	if output, err := exec.Command(os.Getenv("LATCHKEY_BINARY"), "devices", "approve", "--data-dir", s.dir, address).CombinedOutput(); err != nil {
		t.Fatalf("approve: %v: %s", err, output)
	}
	_, _ = io.Copy(io.Discard, screen)
	if err := up.Wait(); err != nil {
		t.Fatal("up: ", err)
	}
	if state := m.status(t).BackendState; state != "Running" {
		t.Error("the device is ", state)
	}
	if len(s.devices(t)["laptop"].Addresses) != 2 {
		t.Error("the device is not listed")
	}
}

// R17: a revoked key is refused, with its reason on the screen; who joined with it stays.
func TestR17ARevokedKeyIsRefusedOnTheScreen(t *testing.T) {
	s := newServer(t)
	key := s.authKey(t, `"reusable":true`)
	joined, late := newMachine(t, s, "joined"), newMachine(t, s, "late")
	joined.mustUp(t, key.Key)
	s.call(t, "DELETE", "/api/v2/tailnet/-/keys/"+key.ID, "")
	output, err := late.up(key.Key)
	if err == nil || !strings.Contains(output, "revoked") {
		t.Errorf("a revoked key: %v: %s", err, output)
	}
	if strings.Contains(output, key.Key) {
		t.Error("the key is on the screen")
	}
	if state := joined.status(t).BackendState; state != "Running" {
		t.Errorf("the joined device is %s", state)
	}
}

func TestARemovedDeviceIsGoneForTheOthersWithinASecond(t *testing.T) {
	s := newServer(t)
	key := s.authKey(t, `"reusable":true`)
	stays, goes := newMachine(t, s, "stays"), newMachine(t, s, "goes")
	stays.mustUp(t, key.Key)
	goes.mustUp(t, key.Key)
	eventually(t, 20*time.Second, "the peer is there", func() bool { return stays.hasPeer(t, "goes") })
	s.call(t, "DELETE", "/api/v2/device/"+s.devices(t)["goes"].NodeID, "")
	eventually(t, time.Second, "the peer is gone", func() bool { return !stays.hasPeer(t, "goes") })
	eventually(t, 10*time.Second, "the removed device must log in", func() bool {
		return goes.status(t).BackendState == "NeedsLogin"
	})
}

func TestDevicesGoOnWhenTheServerAndTheyRestart(t *testing.T) {
	s := newServer(t)
	one := newMachine(t, s, "one")
	one.mustUp(t, s.authKey(t, `"reusable":false`).Key)
	before := one.status(t).Self.TailscaleIPs
	s.stop()
	s.start(t)
	two := newMachine(t, s, "two")
	two.mustUp(t, s.authKey(t, `"reusable":false`).Key)
	eventually(t, 40*time.Second, "the first device hears of the second", func() bool { return one.hasPeer(t, "two") })
	one.stop()
	one.start(t)
	eventually(t, 20*time.Second, "the device runs without a key", func() bool { return one.status(t).BackendState == "Running" })
	if after := one.status(t).Self.TailscaleIPs; len(before) != 2 || before[0] != after[0] {
		t.Errorf("addresses were %v and are %v", before, after)
	}
}

func TestALoggedOutDeviceComesBackUnderItsNameWithANewKey(t *testing.T) {
	s := newServer(t)
	m := newMachine(t, s, "again")
	m.mustUp(t, s.authKey(t, `"reusable":false`).Key)
	before := m.status(t).Self
	if output, err := m.tailscale("logout"); err != nil {
		t.Fatalf("logout: %v: %s", err, output)
	}
	m.mustUp(t, s.authKey(t, `"reusable":false`).Key)
	after := m.status(t).Self
	if before.DNSName != after.DNSName || before.TailscaleIPs[0] != after.TailscaleIPs[0] {
		t.Errorf("was %v, is %v", before, after)
	}
}
