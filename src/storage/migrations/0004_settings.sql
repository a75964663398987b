-- What a tailnet's administrators set. A tailnet without a row has the defaults.
CREATE TABLE tailnet_settings (
  tailnet_id TEXT PRIMARY KEY REFERENCES tailnets (id),
  devices_approval BOOLEAN NOT NULL,
  devices_key_duration_days BIGINT NOT NULL,
  devices_auto_updates BOOLEAN NOT NULL,
  users_approval BOOLEAN NOT NULL,
  users_join_external TEXT NOT NULL,
  acls_externally_managed BOOLEAN NOT NULL,
  acls_external_link TEXT NOT NULL
);

CREATE TABLE dns_configurations (
  tailnet_id TEXT PRIMARY KEY REFERENCES tailnets (id),
  -- JSON: [{"address": "1.1.1.1", "useWithExitNode": false}, ...], and an object from domains to such lists.
  nameservers TEXT NOT NULL,
  split_dns TEXT NOT NULL,
  search_paths TEXT NOT NULL,
  override_local_dns BOOLEAN NOT NULL,
  magic_dns BOOLEAN NOT NULL
);

CREATE TABLE contacts (
  tailnet_id TEXT PRIMARY KEY REFERENCES tailnets (id),
  -- Empty where nobody set an address.
  account TEXT NOT NULL,
  support TEXT NOT NULL,
  security TEXT NOT NULL
);
