-- Schema version 1. Numbers are 64 bits with a sign; times are milliseconds since 1970.
-- Rows hang together by `sid`; they are deleted together, in one transaction.

PRAGMA application_id = 0x45594F54; -- "EYOT"

-- Small columns first: a statement that reads only those never walks the pages that a long
-- `initialize` spills over to.
CREATE TABLE session(
  sid TEXT PRIMARY KEY NOT NULL,
  owner TEXT,                      -- node that serves the session
  fence INTEGER NOT NULL,          -- counts the owners
  next_stream INTEGER NOT NULL,    -- lowest number that no stream ever had
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  version INTEGER NOT NULL,        -- of `state`
  revision TEXT NOT NULL,
  principal TEXT,
  checksum INTEGER NOT NULL,       -- of what never changes: sid, created, revision, principal, initialize
  state_checksum INTEGER NOT NULL, -- of sid, version, state
  state BLOB NOT NULL,             -- JSON
  initialize BLOB NOT NULL
) STRICT;
CREATE INDEX session_expiry ON session(expires_ms);

CREATE TABLE stream(
  sid TEXT NOT NULL,
  no INTEGER NOT NULL,
  kind INTEGER NOT NULL,           -- 0 standalone, 1 call
  request_id BLOB,
  first_cursor BLOB,               -- event id that the upstream gave before the first event
  last_cursor BLOB,                -- newest event id that the upstream gave
  top_fence INTEGER NOT NULL,      -- newest event
  top_seq INTEGER NOT NULL,
  trimmed_fence INTEGER NOT NULL,  -- newest event that was dropped
  trimmed_seq INTEGER NOT NULL,
  events INTEGER NOT NULL,         -- running counts of what is kept
  bytes INTEGER NOT NULL,
  expires_ms INTEGER,              -- NULL while the stream is open
  checksum INTEGER NOT NULL,
  PRIMARY KEY(sid, no)
) STRICT, WITHOUT ROWID;
CREATE INDEX stream_expiry ON stream(expires_ms) WHERE expires_ms IS NOT NULL;

CREATE TABLE event(
  sid TEXT NOT NULL,
  stream INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  cursor BLOB,                     -- the upstream's id of the same message
  data BLOB NOT NULL,
  PRIMARY KEY(sid, stream, fence, seq)
) STRICT, WITHOUT ROWID;
