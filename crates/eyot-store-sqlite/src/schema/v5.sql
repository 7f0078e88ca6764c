-- Which processes live, by the clock of this machine.
CREATE TABLE lease(
  node TEXT PRIMARY KEY NOT NULL,
  name TEXT,
  address TEXT,
  process TEXT,
  is_draining INTEGER NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
