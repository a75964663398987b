-- OAuth clients, federated identities and the access tokens that they mint. Lists are JSON text.

ALTER TABLE credentials ADD COLUMN scopes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE credentials ADD COLUMN bound_to_tags BOOLEAN NOT NULL DEFAULT FALSE;
-- Of an access token: the trust credential.
ALTER TABLE credentials ADD COLUMN minted_by TEXT;
ALTER TABLE credentials ADD COLUMN updated_at BIGINT;
-- A client's secret before the last rotation, while it still counts.
ALTER TABLE credentials ADD COLUMN old_digest BYTEA;
ALTER TABLE credentials ADD COLUMN old_until BIGINT;
ALTER TABLE credentials ADD COLUMN old_used_at BIGINT;

CREATE INDEX credentials_minted ON credentials (minted_by, expires_at) WHERE minted_by IS NOT NULL;
CREATE INDEX credentials_minted_by_end ON credentials (expires_at) WHERE minted_by IS NOT NULL;
