-- Schema version 4: what a session can have many of has rows of its own. A session of an earlier
-- version has its subscriptions in `session.state` until a process of this version claims it.

CREATE TABLE item(
  sid TEXT NOT NULL,
  kind INTEGER NOT NULL,           -- 0 subscription, 1 open question
  name TEXT NOT NULL,              -- the URI; the client's id of the question, as JSON
  call TEXT,                       -- the client's id of the call that asks, as JSON
  checksum INTEGER NOT NULL,       -- of all the rest
  PRIMARY KEY(sid, kind, name)
) STRICT, WITHOUT ROWID;
