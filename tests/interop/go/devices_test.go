package interop

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"tailscale.com/client/tailscale/v2"
)

// A device that no tailnet has; some calls take the number, some the node id.
var absentDevices = []string{"n11111111111CNTRL", "9007199254740991"}

func TestDevicesListIsNeverNull(t *testing.T) {
	s := need(t)
	for _, query := range []string{"", "?fields=all", "?fields=default&hostname=nobody", "?tags=tag:a&tags=tag:b"} {
		devices, isList := s.call(t, http.MethodGet, "/api/v2/tailnet/-/devices"+query, "").object(t, 200)["devices"].([]any)
		if !isList {
			t.Errorf("devices%s is no list", query)
		}
		for _, device := range devices {
			for _, name := range []string{"id", "nodeId", "name", "machineKey", "nodeKey", "user", "os", "clientVersion"} {
				if _, isText := device.(map[string]any)[name].(string); !isText {
					t.Errorf("%s of a device is no text", name)
				}
			}
		}
	}
	client := s.client(t).Devices()
	if _, err := client.List(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := client.ListWithAllFields(t.Context()); err != nil {
		t.Error(err)
	}
	if message := s.call(t, http.MethodGet, "/api/v2/tailnet/-/devices?hostnam=x", "").refused(t, 400); !strings.Contains(message, "hostnam") {
		t.Errorf("an unknown filter: %q", message)
	}
}

// What each call of the client makes of a device that is not there, or that is another tailnet's.
func TestDevicesThatAreNotThereAreNotFound(t *testing.T) {
	devices := need(t).client(t).Devices()
	for _, id := range absentDevices {
		_, get := devices.Get(t.Context(), id)
		_, all := devices.GetWithAllFields(t.Context(), id)
		_, routes := devices.SubnetRoutes(t.Context(), id)
		_, attributes := devices.GetPostureAttributes(t.Context(), id)
		for call, err := range map[string]error{
			"Get": get, "GetWithAllFields": all, "SubnetRoutes": routes, "GetPostureAttributes": attributes,
			"Delete":          devices.Delete(t.Context(), id),
			"SetAuthorized":   devices.SetAuthorized(t.Context(), id, true),
			"SetName":         devices.SetName(t.Context(), id, "web1"),
			"SetTags":         devices.SetTags(t.Context(), id, []string{"tag:web"}),
			"SetKey":          devices.SetKey(t.Context(), id, tailscale.DeviceKey{KeyExpiryDisabled: true}),
			"SetIPv4Address":  devices.SetIPv4Address(t.Context(), id, "100.64.0.9"),
			"SetSubnetRoutes": devices.SetSubnetRoutes(t.Context(), id, []string{"10.0.0.0/16"}),
			"SetPostureAttribute": devices.SetPostureAttribute(t.Context(), id, "custom:x",
				tailscale.DevicePostureAttributeRequest{Value: 80}),
		} {
			if !tailscale.IsNotFound(err) {
				t.Errorf("%s of %s: %v", call, id, err)
			}
		}
	}
}

// joined returns a device whose settings may be changed, by either id: the one that LATCHKEY_TEST_DEVICE names, or one
// that LATCHKEY_JOIN_DEVICE, a program (tests/interop/programs/join_device.cc), joins to our own server.
func joined(t *testing.T, s *server) string {
	t.Helper()
	if id := os.Getenv("LATCHKEY_TEST_DEVICE"); id != "" {
		return id
	}
	program := os.Getenv("LATCHKEY_JOIN_DEVICE")
	if program == "" || s.binary == "" {
		t.Skip("neither LATCHKEY_TEST_DEVICE nor LATCHKEY_JOIN_DEVICE is set")
	}
	client := s.client(t)
	var request tailscale.CreateKeyRequest
	request.Capabilities.Devices.Create.Preauthorized = true
	key, err := client.Keys().CreateAuthKey(t.Context(), request)
	must(t, err)
	address, err := url.Parse(s.url)
	must(t, err)
	join := exec.Command(program, address.Port(), "joined")
	join.Stdin = strings.NewReader(key.Key + "\n")
	if output, err := join.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	devices, err := client.Devices().List(t.Context())
	must(t, err)
	for _, device := range devices {
		if device.Hostname == "joined" {
			return device.NodeID
		}
	}
	t.Fatal("the device that joined is not listed")
	return ""
}

// Every act on a device that is there. The server chooses the name that it gets in the end.
func TestDevicesShowEachChangeAtOnce(t *testing.T) {
	s := need(t)
	id := joined(t, s)
	devices := s.client(t).Devices()
	get := func() *tailscale.Device {
		t.Helper()
		device, err := devices.GetWithAllFields(t.Context(), id)
		must(t, err)
		return device
	}
	before := get()
	t.Cleanup(func() {
		for _, err := range []error{
			devices.SetName(context.Background(), id, ""),
			devices.SetIPv4Address(context.Background(), id, before.Addresses[0]),
			devices.SetKey(context.Background(), id, tailscale.DeviceKey{KeyExpiryDisabled: before.KeyExpiryDisabled}),
			devices.SetSubnetRoutes(context.Background(), id, before.EnabledRoutes),
			devices.SetAuthorized(context.Background(), id, before.Authorized),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	})

	if before.ID == before.NodeID {
		t.Error("both ids are the same")
	}
	for _, each := range []string{before.ID, before.NodeID} {
		found, err := devices.Get(t.Context(), each)
		must(t, err)
		same(t, "the device by "+each, found.NodeID, before.NodeID)
	}
	found, err := devices.List(t.Context(), tailscale.WithFilter("name", []string{before.Name}))
	must(t, err)
	same(t, "how many have its name", len(found), 1)

	must(t, devices.SetName(t.Context(), id, "interop-1"))
	if !strings.HasPrefix(get().Name, "interop-1.") {
		t.Errorf("the name is %q", get().Name)
	}
	must(t, devices.SetAuthorized(t.Context(), id, false))
	same(t, "authorized", get().Authorized, false)
	must(t, devices.SetAuthorized(t.Context(), id, true))
	same(t, "authorized", get().Authorized, true)
	for _, disabled := range []bool{true, false} {
		must(t, devices.SetKey(t.Context(), id, tailscale.DeviceKey{KeyExpiryDisabled: disabled}))
		same(t, "keyExpiryDisabled", get().KeyExpiryDisabled, disabled)
	}
	must(t, devices.SetIPv4Address(t.Context(), id, "100.64.77.77"))
	if !slices.Contains(get().Addresses, "100.64.77.77") {
		t.Errorf("the addresses are %v", get().Addresses)
	}

	must(t, devices.SetSubnetRoutes(t.Context(), id, []string{"10.0.1.0/24", "1.2.0.0/16", "2.0.0.0/24"}))
	routes, err := devices.SubnetRoutes(t.Context(), id)
	must(t, err)
	same(t, "the enabled routes", routes.Enabled, []string{"1.2.0.0/16", "2.0.0.0/24", "10.0.1.0/24"})
	must(t, devices.SetSubnetRoutes(t.Context(), id, []string{}))
	routes, err = devices.SubnetRoutes(t.Context(), id)
	must(t, err)
	same(t, "the enabled routes", routes.Enabled, []string{})

	must(t, devices.SetPostureAttribute(t.Context(), id, "custom:interop", tailscale.DevicePostureAttributeRequest{Value: 80}))
	attributes, err := devices.GetPostureAttributes(t.Context(), id)
	must(t, err)
	same(t, "the attribute", attributes.Attributes["custom:interop"], any(80.0))
	must(t, devices.DeletePostureAttribute(t.Context(), id, "custom:interop"))
	attributes, err = devices.GetPostureAttributes(t.Context(), id)
	must(t, err)
	if _, there := attributes.Attributes["custom:interop"]; there {
		t.Error("a removed attribute is still there")
	}
}
