-- People and groups that an identity provider keeps in step. Times are microseconds since 1970 in UTC.

-- One valid key in a tailnet, whatever happens above.
CREATE UNIQUE INDEX credentials_one_scim_key ON credentials (tailnet_id) WHERE type = 'scim' AND ended_at IS NULL;

CREATE TABLE provisioning (
  tailnet_id TEXT PRIMARY KEY REFERENCES tailnets (id),
  enabled BOOLEAN NOT NULL,
  enabled_at BIGINT,
  enabled_by TEXT NOT NULL,
  -- The brake on mass changes.
  guard TEXT NOT NULL,
  guard_since BIGINT,
  released_until BIGINT,
  decided_by TEXT NOT NULL,
  held BIGINT NOT NULL
);

-- Whom the sync suspended or removed lately. Without a reference: they may be gone.
CREATE TABLE provisioning_removals (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  at BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  PRIMARY KEY (tailnet_id, at, user_id)
);

-- The present suspension is the sync's, which alone may be lifted by it.
ALTER TABLE users ADD COLUMN suspended_by_sync BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX users_by_age ON users (tailnet_id, created_at, id);

CREATE TABLE provisioned_users (
  tailnet_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  external_id TEXT,
  -- JSON: what the provider said, without the login name and whether active.
  document TEXT NOT NULL,
  active_removed BOOLEAN NOT NULL,
  revision BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  PRIMARY KEY (tailnet_id, user_id),
  FOREIGN KEY (tailnet_id, user_id) REFERENCES users (tailnet_id, id) ON DELETE CASCADE
);
CREATE INDEX provisioned_users_by_external_id ON provisioned_users (tailnet_id, external_id);

-- The addresses of the document, in lower case and cut to 512 bytes: identity providers look people up by them.
CREATE TABLE provisioned_addresses (
  tailnet_id TEXT NOT NULL,
  address_folded TEXT NOT NULL,
  user_id TEXT NOT NULL,
  PRIMARY KEY (tailnet_id, address_folded, user_id),
  FOREIGN KEY (tailnet_id, user_id) REFERENCES provisioned_users (tailnet_id, user_id) ON DELETE CASCADE
);
CREATE INDEX provisioned_addresses_by_user ON provisioned_addresses (tailnet_id, user_id);

CREATE TABLE synced_groups (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  external_id TEXT,
  -- What its members are made; NULL: nothing.
  role TEXT,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  PRIMARY KEY (tailnet_id, id),
  UNIQUE (tailnet_id, name_folded)
);
CREATE INDEX synced_groups_by_external_id ON synced_groups (tailnet_id, external_id);
CREATE INDEX synced_groups_by_age ON synced_groups (tailnet_id, created_at, id);

CREATE TABLE group_members (
  tailnet_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  -- Of a person or of a group; the column of that kind has it again, so that the member goes with it.
  member_id TEXT NOT NULL,
  user_id TEXT,
  inner_group_id TEXT,
  PRIMARY KEY (tailnet_id, group_id, member_id),
  FOREIGN KEY (tailnet_id, group_id) REFERENCES synced_groups (tailnet_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tailnet_id, user_id) REFERENCES users (tailnet_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tailnet_id, inner_group_id) REFERENCES synced_groups (tailnet_id, id) ON DELETE CASCADE
);
CREATE INDEX group_members_by_user ON group_members (tailnet_id, user_id);
CREATE INDEX group_members_by_inner_group ON group_members (tailnet_id, inner_group_id);
