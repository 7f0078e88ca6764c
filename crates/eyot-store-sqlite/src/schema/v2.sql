-- Schema version 2: parked calls, and the key for what clients keep for us.

CREATE TABLE parked(
  name TEXT PRIMARY KEY NOT NULL,
  fence INTEGER NOT NULL,          -- counts those who took the call over
  expires_ms INTEGER NOT NULL,
  checksum INTEGER NOT NULL,       -- of name, content
  content BLOB NOT NULL
) STRICT;
CREATE INDEX parked_expiry ON parked(expires_ms);

CREATE TABLE seal_key(
  no INTEGER PRIMARY KEY CHECK(no = 1),
  key BLOB NOT NULL
) STRICT;
