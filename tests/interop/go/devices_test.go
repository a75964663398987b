package interop

import (
	"net/http"
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
