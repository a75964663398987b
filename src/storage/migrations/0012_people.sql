-- A user is read, then written, in one transaction: with the revision that was read, so that none undoes another's.
ALTER TABLE users ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
CREATE INDEX devices_by_user ON devices (tailnet_id, user_id) WHERE user_id IS NOT NULL;
