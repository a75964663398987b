-- A user is read, then written, in one transaction: with the revision that was read, so that none undoes another's.
ALTER TABLE users ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
CREATE INDEX devices_by_user ON devices (tailnet_id, user_id) WHERE user_id IS NOT NULL;

-- Open invites. A link holds a code of 256 random bits; here is its HMAC alone.
CREATE TABLE user_invites (
  tailnet_id TEXT NOT NULL REFERENCES tailnets (id),
  id TEXT NOT NULL,
  inviter_id TEXT NOT NULL,
  role TEXT NOT NULL,
  email TEXT NOT NULL,
  code_digest BYTEA NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  linked_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (tailnet_id, id),
  FOREIGN KEY (tailnet_id, inviter_id) REFERENCES users (tailnet_id, id) ON DELETE CASCADE
);
CREATE INDEX user_invites_by_inviter ON user_invites (tailnet_id, inviter_id);
