-- What a federated identity trusts; the rules are a JSON object.

ALTER TABLE credentials ADD COLUMN issuer TEXT;
ALTER TABLE credentials ADD COLUMN audience TEXT;
ALTER TABLE credentials ADD COLUMN subject TEXT;
ALTER TABLE credentials ADD COLUMN claim_rules TEXT;
-- Why the last exchange was refused; NULL once one succeeded.
ALTER TABLE credentials ADD COLUMN refusal TEXT;
ALTER TABLE credentials ADD COLUMN refusal_at BIGINT;

-- Tokens of issuers that were exchanged, until they have expired: none counts twice.
CREATE TABLE tokens_used (
  tailnet_id TEXT NOT NULL,
  credential_id TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
  token BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (credential_id, token)
);
CREATE INDEX tokens_used_by_end ON tokens_used (expires_at);
