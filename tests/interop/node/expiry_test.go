package node

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// R38: a device whose node key expires is off the network, says so, and comes back under its name and address with
// a new key.
func TestR38ANodeKeyExpiresAndTheDeviceComesBack(t *testing.T) {
	t.Parallel()
	s := newServer(t, "LATCHKEY_KEYS_SWEEP_SECONDS=1")
	key := s.authKey(t, `"reusable":true`)
	one, two := newMachine(t, s, "one"), newMachine(t, s, "two")
	one.mustUp(t, key.Key)
	two.mustUp(t, key.Key)
	eventually(t, 40*time.Second, "one reaches two", func() bool {
		_, err := one.tailscale("ping", "--c=1", "--timeout=3s", "--until-direct=false", "two")
		return err == nil
	})
	before := two.status(t).Self
	s.call(t, "POST", "/api/v2/device/"+s.devices(t)["two"].NodeID+"/expire", `{"expirySeconds":4}`)
	if state := two.status(t).BackendState; state != "Running" {
		t.Error("before its time two is ", state)
	}
	eventually(t, 20*time.Second, "two must log in", func() bool { return two.status(t).BackendState == "NeedsLogin" })
	eventually(t, 20*time.Second, "one knows that two has expired", func() bool {
		peer, is := one.peer(t, "two")
		return is && peer.Expired
	})
	if output, err := one.tailscale("ping", "--c=1", "--timeout=2s", "--until-direct=false", "two"); err == nil {
		t.Error("one still reaches two: ", output)
	}
	if output, err := two.up(s.authKey(t, `"reusable":false`).Key, "--force-reauth"); err != nil {
		t.Fatalf("two up: %v: %s", err, output)
	}
	after := two.status(t).Self
	if after.DNSName != before.DNSName || strings.Join(after.TailscaleIPs, " ") != strings.Join(before.TailscaleIPs, " ") {
		t.Errorf("two was %v and is %v", before, after)
	}
	eventually(t, 40*time.Second, "one reaches two again", func() bool {
		_, err := one.tailscale("ping", "--c=1", "--timeout=3s", "--until-direct=false", "two")
		return err == nil
	})
}

// An ephemeral device is removed some time after its process was killed, and at once when it logs out.
func TestEphemeralDevicesDisappear(t *testing.T) {
	t.Parallel()
	s := newServer(t, "LATCHKEY_KEYS_SWEEP_SECONDS=1", "LATCHKEY_DEVICES_EPHEMERAL_SECONDS=5")
	key := s.authKey(t, `"reusable":true,"ephemeral":true`)
	killed, leaving := newMachine(t, s, "killed"), newMachine(t, s, "leaving")
	killed.mustUp(t, key.Key)
	leaving.mustUp(t, key.Key)
	if count := len(s.devices(t)); count != 2 {
		t.Fatalf("there are %d devices", count)
	}
	if output, err := leaving.tailscale("logout"); err != nil {
		t.Fatalf("logout: %v: %s", err, output)
	}
	if _, is := s.devices(t)["leaving"]; is {
		t.Error("a device that has logged out is still there")
	}
	_ = killed.daemon.Process.Signal(syscall.SIGKILL)
	eventually(t, 60*time.Second, "the killed device is removed", func() bool {
		_, is := s.devices(t)["killed"]
		return !is
	})
	if log := string(s.call(t, "GET", "/api/v2/tailnet/-/logging/configuration?start=2020-01-01T00:00:00Z&end=2099-01-01T00:00:00Z", "")); strings.Count(log, `"DELETE"`) < 2 {
		t.Errorf("the log does not tell of both: %s", log)
	}
}
