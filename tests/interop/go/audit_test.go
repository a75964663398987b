package interop

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The client has no call for the configuration log, so it is read as other programs read it.
type auditLog struct {
	Version   string
	Tailnet   string
	TailnetID string `json:"tailnetId"`
	Logs      []auditEntry
}

type auditEntry struct {
	EventTime    time.Time
	Type         string
	DeferredAt   time.Time
	EventGroupID string
	Origin       string
	Actor        struct{ ID, Type, LoginName, DisplayName string }
	Target       struct{ ID, Name, Type, Property string }
	Action       string
	Old, New     map[string]any
}

var groupID = regexp.MustCompile(`^[0-9a-f]{32}$`)

func auditPath(start, end time.Time, more url.Values) string {
	query := url.Values{"start": {start.UTC().Format(time.RFC3339Nano)}, "end": {end.UTC().Format(time.RFC3339Nano)}}
	for name, values := range more {
		query[name] = values
	}
	return "/api/v2/tailnet/-/logging/configuration?" + query.Encode()
}

func (s *server) audit(t *testing.T, start time.Time, more url.Values) (auditLog, string) {
	t.Helper()
	got := s.call(t, "GET", auditPath(start, time.Now().Add(time.Minute), more), "")
	got.object(t, 200)
	var log auditLog
	if err := json.Unmarshal(got.body, &log); err != nil {
		t.Fatal(err)
	}
	return log, string(got.body)
}

// R34, R35: creation and revocation of a key are in the log, with who did it, and without the secret.
func TestAuditLogTellsWhoMadeAndRevokedAKey(t *testing.T) {
	s := need(t)
	client := s.client(t)
	start := time.Now().Add(-2 * time.Second)
	want := wanted(false, true, false, []string{"tag:ci"}, 600, "audited key")
	key, err := client.Keys().CreateAuthKey(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Keys().Delete(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}

	log, text := s.audit(t, start, nil)
	for _, secret := range []string{key.Key, s.token, key.Key[len(key.Key)-32:], s.token[len(s.token)-32:]} {
		if strings.Contains(text, secret) {
			t.Error("the log holds a secret")
		}
	}
	if log.Version != "1.1" || log.Tailnet == "" || log.TailnetID == "" {
		t.Errorf("version %q, tailnet %q, tailnetId %q", log.Version, log.Tailnet, log.TailnetID)
	}
	var previous time.Time
	var acts []auditEntry
	for _, entry := range log.Logs {
		if entry.EventTime.Before(previous) {
			t.Errorf("%v comes after %v", entry.EventTime, previous)
		}
		previous = entry.EventTime
		if entry.Target.ID == key.ID {
			acts = append(acts, entry)
		}
	}
	if len(acts) != 2 || acts[0].Action != "CREATE" || acts[1].Action != "REVOKE" {
		t.Fatalf("the log has %d entries about the key: %+v", len(acts), acts)
	}
	for _, entry := range acts {
		if entry.Type != "CONFIG" || entry.Origin != "CONFIG_API" || !groupID.MatchString(entry.EventGroupID) {
			t.Errorf("type %q, origin %q, group %q", entry.Type, entry.Origin, entry.EventGroupID)
		}
		if !entry.DeferredAt.IsZero() {
			t.Errorf("deferredAt is %v", entry.DeferredAt)
		}
		if entry.Target.Type != "API_KEY" || entry.Target.Name != "Auth key" {
			t.Errorf("target is %+v", entry.Target)
		}
		if entry.Actor.Type != "USER" || entry.Actor.ID != key.UserID || entry.Actor.LoginName == "" {
			t.Errorf("actor is %+v, the key belongs to %s", entry.Actor, key.UserID)
		}
	}
	if acts[0].EventGroupID == acts[1].EventGroupID {
		t.Error("two acts have one group")
	}
	if description := acts[0].New["description"]; description != want.Description {
		t.Errorf("new.description is %v", description)
	}
	if tags, _ := acts[0].New["authTags"].([]any); len(tags) != 1 || tags[0] != "tag:ci" {
		t.Errorf("new.authTags is %v", acts[0].New["authTags"])
	}
}

func TestAuditLogFilters(t *testing.T) {
	s := need(t)
	start := time.Now().Add(-2 * time.Second)
	key := create(t, s.client(t), wanted(true, false, false, nil, 600, ""))
	for name, test := range map[string]struct {
		filter url.Values
		found  bool
	}{
		"event":            {url.Values{"event": {"API_KEY.CREATE"}}, true},
		"another event":    {url.Values{"event": {"API_KEY.REVOKE"}}, false},
		"two events":       {url.Values{"event": {"API_KEY.REVOKE", "API_KEY.CREATE"}}, true},
		"target":           {url.Values{"target": {key.ID}}, true},
		"part of target":   {url.Values{"target": {key.ID[2:8]}}, true},
		"another target":   {url.Values{"target": {"k11111111111CNTRL"}}, false},
		"actor":            {url.Values{"actor": {key.UserID}}, true},
		"another actor":    {url.Values{"actor": {"u11111111111CNTRL"}}, false},
		"actor by no text": {url.Values{"actor": {"~nobody-of-this-name"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			log, _ := s.audit(t, start, test.filter)
			found := false
			for _, entry := range log.Logs {
				found = found || (entry.Target.ID == key.ID && entry.Action == "CREATE")
			}
			if found != test.found {
				t.Errorf("found: %v among %d entries", found, len(log.Logs))
			}
		})
	}
}

func TestAuditLogWindow(t *testing.T) {
	s := need(t)
	now := time.Now()
	for name, path := range map[string]string{
		"no window":     "/api/v2/tailnet/-/logging/configuration",
		"no end":        "/api/v2/tailnet/-/logging/configuration?start=2026-01-01T00:00:00Z",
		"not a time":    "/api/v2/tailnet/-/logging/configuration?start=yesterday&end=today",
		"unknown event": auditPath(now.Add(-time.Hour), now, url.Values{"event": {"API_KEY.POLISH"}}),
	} {
		t.Run(name, func(t *testing.T) {
			s.call(t, "GET", path, "").refused(t, 400)
		})
	}
	t.Run("before the tailnet", func(t *testing.T) {
		got := s.call(t, "GET", auditPath(now.AddDate(-2, 0, 0), now.AddDate(-2, 0, 1), nil), "").object(t, 200)
		if logs, isList := got["logs"].([]any); !isList || len(logs) != 0 {
			t.Errorf("logs are %v", got["logs"])
		}
	})
}
