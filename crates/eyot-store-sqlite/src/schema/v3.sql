-- Schema version 3: a cursor says which upstream gave it. NULL is the upstream with the default
-- name, which is also what gave every cursor before. Only columns that may be NULL are added, so
-- that a process of the version before can go on beside this one.

ALTER TABLE stream ADD COLUMN first_upstream TEXT; -- what gave `first_cursor`
ALTER TABLE event ADD COLUMN upstream TEXT;        -- what gave `cursor`

-- The newest cursor that each upstream with another name gave in a stream. `stream.last_cursor` is
-- that of the default one.
CREATE TABLE stream_cursor(
  sid TEXT NOT NULL,
  stream INTEGER NOT NULL,
  upstream TEXT NOT NULL,
  checksum INTEGER NOT NULL,       -- of all the rest
  cursor BLOB NOT NULL,
  PRIMARY KEY(sid, stream, upstream)
) STRICT, WITHOUT ROWID;
