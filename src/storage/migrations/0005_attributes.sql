-- What people and programs say about devices: posture attributes whose key begins with "custom:".
CREATE TABLE device_attributes (
  tailnet_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  key TEXT NOT NULL,
  -- In small letters: two keys that differ in letter case alone are one.
  key_folded TEXT NOT NULL,
  -- string, number or boolean; the value is its text.
  type TEXT NOT NULL,
  value TEXT NOT NULL,
  expires_at BIGINT,
  PRIMARY KEY (tailnet_id, device_id, key_folded),
  FOREIGN KEY (tailnet_id, device_id) REFERENCES devices (tailnet_id, id) ON DELETE CASCADE
);
CREATE INDEX device_attributes_by_key ON device_attributes (tailnet_id, key_folded);
CREATE INDEX device_attributes_expiring ON device_attributes (tailnet_id, expires_at) WHERE expires_at IS NOT NULL;

-- What goes on working when an auth key is revoked: the devices that joined with it.
CREATE INDEX devices_by_auth_key ON devices (tailnet_id, auth_key_id);
