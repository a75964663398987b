-- Sign-on: identity providers, logins under way, what links an identity to a person, sessions, one-time links.
-- Digests are HMAC-SHA-256 under a key that is made from the root key; what they are of is nowhere.

CREATE TABLE sign_on_providers (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  issuer TEXT NOT NULL,
  client_id TEXT NOT NULL,
  -- Sealed under the root key.
  client_secret BYTEA NOT NULL,
  login_claim TEXT NOT NULL,
  login_is_verified BOOLEAN NOT NULL,
  domains TEXT NOT NULL,
  scopes TEXT NOT NULL,
  groups_claim TEXT NOT NULL,
  allowed_groups TEXT NOT NULL,
  enabled BOOLEAN NOT NULL,
  -- The role of who wrote this row last: it claims nobody above it.
  set_up_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  PRIMARY KEY (tailnet_id, id),
  UNIQUE (tailnet_id, issuer)
);

CREATE TABLE sign_on_attempts (
  state BYTEA PRIMARY KEY,
  browser BYTEA NOT NULL,
  tailnet_id TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  next TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  FOREIGN KEY (tailnet_id, provider_id) REFERENCES sign_on_providers (tailnet_id, id) ON DELETE CASCADE
);
CREATE INDEX sign_on_attempts_by_browser ON sign_on_attempts (browser, created_at);
CREATE INDEX sign_on_attempts_by_expiry ON sign_on_attempts (expires_at);
CREATE INDEX sign_on_attempts_by_provider ON sign_on_attempts (tailnet_id, provider_id);

-- An identity is an issuer and a subject, and nothing else.
CREATE TABLE identity_links (
  tailnet_id TEXT NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (tailnet_id, issuer, subject),
  FOREIGN KEY (tailnet_id, user_id) REFERENCES users (tailnet_id, id) ON DELETE CASCADE
);
CREATE INDEX identity_links_by_user ON identity_links (tailnet_id, user_id);

CREATE TABLE sessions (
  tailnet_id TEXT NOT NULL,
  id TEXT NOT NULL,
  digest BYTEA NOT NULL UNIQUE,
  -- Of the text before the last renewal: who still shows it later has a copy.
  old_digest BYTEA UNIQUE,
  renewed_at BIGINT,
  user_id TEXT NOT NULL,
  -- The role at the last renewal.
  role TEXT NOT NULL,
  -- Empty: by a one-time link.
  provider_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  address TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  PRIMARY KEY (tailnet_id, id),
  FOREIGN KEY (tailnet_id, user_id) REFERENCES users (tailnet_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_user ON sessions (tailnet_id, user_id, created_at);
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE login_links (
  digest BYTEA PRIMARY KEY,
  tailnet_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  FOREIGN KEY (tailnet_id, user_id) REFERENCES users (tailnet_id, id) ON DELETE CASCADE
);
CREATE INDEX login_links_by_user ON login_links (tailnet_id, user_id);
