// Package interop drives the server with the official Go client.
//
// With LATCHKEY_BINARY set, a fresh server is made and started for the run. With LATCHKEY_URL and LATCHKEY_TOKEN set
// (and LATCHKEY_TAILNET, the tailnet's name), a running one is used instead. With neither, every test is skipped.
package interop

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tailscale.com/client/tailscale/v2"
)

type server struct {
	url     string
	token   string
	tailnet string
	binary  string // empty when the server is not ours
	dataDir string
	process *exec.Cmd
	ended   chan struct{} // closed when the server has closed its standard error
}

// latchkey is nil when there is nothing to test against.
var latchkey *server

func TestMain(m *testing.M) {
	flag.Parse() // testing.Verbose is read before m.Run
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if address := os.Getenv("LATCHKEY_URL"); address != "" && os.Getenv("LATCHKEY_TOKEN") != "" {
		latchkey = &server{url: address, token: os.Getenv("LATCHKEY_TOKEN"), tailnet: os.Getenv("LATCHKEY_TAILNET")}
		return m.Run()
	}
	binary := os.Getenv("LATCHKEY_BINARY")
	if binary == "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "latchkey-interop")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	latchkey, err = start(binary, filepath.Join(dir, "data"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "the server did not start:", err)
		return 1
	}
	status := m.Run()
	if err := latchkey.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "the server did not stop well:", err)
		return 1
	}
	return status
}

// environment is ours without settings that would change the server under test.
func environment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "LATCHKEY_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

func start(binary, dataDir string) (*server, error) {
	s := &server{binary: binary, dataDir: dataDir, tailnet: "interop.example", ended: make(chan struct{})}
	var made struct{ Tailnet, Owner, APIToken string }
	answer, err := s.command("init", "--tailnet", s.tailnet, "--owner", "owner@interop.example", "--output", "json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(answer, &made); err != nil {
		return nil, fmt.Errorf("init answered %q: %w", answer, err)
	}
	if made.Tailnet != s.tailnet || made.Owner != "owner@interop.example" || !strings.HasPrefix(made.APIToken, "tskey-api-") {
		return nil, fmt.Errorf("init answered with tailnet %q and owner %q", made.Tailnet, made.Owner)
	}
	s.token = made.APIToken

	s.process = exec.Command(binary, "serve", "--data-dir", dataDir, "--listen", "127.0.0.1:0", "--log-format", "json")
	s.process.Env = environment()
	log, err := s.process.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	listening := make(chan string, 1)
	go func() {
		defer close(s.ended)
		lines := bufio.NewReader(log)
		for {
			text, err := lines.ReadString('\n')
			var line struct{ Event, URL string }
			if json.Unmarshal([]byte(text), &line) == nil && line.Event == "listening" && line.URL != "" {
				select {
				case listening <- line.URL:
				default:
				}
			}
			if testing.Verbose() {
				fmt.Fprint(os.Stderr, text)
			}
			if err != nil {
				return
			}
		}
	}()
	select {
	case s.url = <-listening:
		return s, nil
	case <-s.ended:
		return nil, fmt.Errorf("it ended before it listened: %w", s.process.Wait())
	case <-time.After(20 * time.Second):
		return nil, errors.Join(errors.New("no line with the event \"listening\" within 20 seconds"), s.stop())
	}
}

// stop ends the server gently, and by force when it does not follow.
func (s *server) stop() error {
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.ended:
		return s.process.Wait()
	case <-time.After(20 * time.Second):
		_ = s.process.Process.Kill()
		<-s.ended
		_ = s.process.Wait()
		return errors.New("it was still running 20 seconds after SIGTERM")
	}
}

// command runs the command line on this server's data directory and gives its standard output.
func (s *server) command(name string, arguments ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	words := append(strings.Fields(name), "--data-dir", s.dataDir)
	command := exec.CommandContext(ctx, s.binary, append(words, arguments...)...)
	command.Env = environment()
	var complaint strings.Builder
	command.Stderr = &complaint
	answer, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("latchkey %s: %w: %s", name, err, complaint.String())
	}
	return answer, nil
}

// need gives the server, or skips the test.
func need(t *testing.T) *server {
	t.Helper()
	if latchkey == nil {
		t.Skip("LATCHKEY_BINARY is not set, nor LATCHKEY_URL and LATCHKEY_TOKEN")
	}
	return latchkey
}

func (s *server) base(t *testing.T) *url.URL {
	t.Helper()
	base, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	return base
}

// client is the official client with the first API token.
func (s *server) client(t *testing.T) *tailscale.Client {
	t.Helper()
	return &tailscale.Client{BaseURL: s.base(t), APIKey: s.token}
}

// answer is what came back, before any client has looked at it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

type edit func(*http.Request)

// call sends one request; path follows the server's address.
func (s *server) call(t *testing.T, method, path, body string, edits ...edit) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(s.token, "")
	for _, e := range edits {
		e(req)
	}
	once := http.Client{
		Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	res, err := once.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, text}
}

// object decodes a JSON object and checks what holds for every answer with a body.
func (a answer) object(t *testing.T, status int) map[string]any {
	t.Helper()
	if a.status != status {
		t.Fatalf("status is %d, not %d: %s", a.status, status, a.body)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q", got)
	}
	var object map[string]any
	if err := json.Unmarshal(a.body, &object); err != nil {
		t.Fatalf("not a JSON object: %v: %s", err, a.body)
	}
	return object
}

// refused checks an error answer and gives its message.
func (a answer) refused(t *testing.T, status int) string {
	t.Helper()
	message, _ := a.object(t, status)["message"].(string)
	if message == "" {
		t.Errorf("an error without a message: %s", a.body)
	}
	return message
}
