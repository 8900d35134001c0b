-- A bundle that is prepared again is dated anew: that must not write its manifest again, which may be
-- megabytes. So it stands apart, and what it begins with is a column.
CREATE TABLE manifests (
  bundle_id        TEXT PRIMARY KEY NOT NULL REFERENCES bundles (bundle_id) ON DELETE CASCADE,
  shared_bundle_id TEXT,
  manifest         TEXT NOT NULL
) STRICT;
INSERT INTO manifests (bundle_id, shared_bundle_id, manifest)
SELECT bundle_id, manifest ->> '$.shared.bundle_id', manifest FROM bundles ORDER BY seq;
ALTER TABLE bundles DROP COLUMN manifest;
