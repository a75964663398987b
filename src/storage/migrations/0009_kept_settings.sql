-- Settings that are kept and shown for clients.
ALTER TABLE tailnet_settings ADD COLUMN network_flow_logging BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tailnet_settings ADD COLUMN regional_routing BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tailnet_settings ADD COLUMN posture_identity_collection BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tailnet_settings ADD COLUMN https_certificates BOOLEAN NOT NULL DEFAULT FALSE;
