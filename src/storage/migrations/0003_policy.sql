-- The policy file of a tailnet, byte for byte as it was written. No row: the standard policy.
CREATE TABLE policies (
  tailnet_id TEXT PRIMARY KEY REFERENCES tailnets (id),
  text TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);
