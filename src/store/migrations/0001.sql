-- The base. Times are milliseconds since 1970, UTC. Lists and structures are JSON; what is empty is
-- NULL.
CREATE TABLE meta (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  generation INTEGER NOT NULL,           -- grows with every change to stories, by any process
  story      INTEGER NOT NULL,           -- highest number ever given: pruning frees none
  alert      INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES (1, 0, 0, 0);

CREATE TABLE feed (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  etag          BLOB,
  last_modified BLOB,
  body_hash     BLOB,
  next_due      INTEGER NOT NULL,
  last_poll     INTEGER,
  last_success  INTEGER,
  last_new      INTEGER,
  failures      INTEGER NOT NULL,
  last_error    TEXT,
  last_status   INTEGER,
  condition     TEXT NOT NULL,
  moved_to      TEXT,
  moved_count   INTEGER NOT NULL,
  rhythm        INTEGER,
  at_least      INTEGER,
  skip_hours    INTEGER NOT NULL,
  skip_days     INTEGER NOT NULL,
  entries       INTEGER NOT NULL,
  faults        TEXT
) STRICT;

-- One row and one index entry an item: nearly all of them are quiet, and their cost is the cost of
-- polling. What pruning looks at stands first, so that it reads no text.
CREATE TABLE item (
  id         INTEGER PRIMARY KEY,
  feed       INTEGER NOT NULL REFERENCES feed (id),
  key        TEXT NOT NULL,
  seen       INTEGER NOT NULL,
  decision   TEXT NOT NULL,
  revisions  INTEGER NOT NULL,
  text_hash  BLOB NOT NULL,
  story      INTEGER,
  published  INTEGER,
  kind       TEXT NOT NULL,
  language   TEXT,
  tags       TEXT,
  url        TEXT,
  canonical  TEXT,                       -- only of flagged items
  author     TEXT,
  categories TEXT,
  title      TEXT NOT NULL,
  summary    TEXT,
  body       TEXT,
  matched    TEXT                        -- why it was flagged
) STRICT;
CREATE UNIQUE INDEX item_key ON item (feed, key);
CREATE INDEX item_story ON item (story) WHERE story IS NOT NULL;

CREATE TABLE story (
  id        INTEGER PRIMARY KEY,
  opened    INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
) STRICT;

-- What made a story grow, in order: a story is read back by applying its rows again. An item whose
-- text was changed may stand here more than once; its last row counts.
CREATE TABLE member (
  story     INTEGER NOT NULL REFERENCES story (id),
  number    INTEGER NOT NULL,            -- order of arrival in the story
  feed      TEXT NOT NULL,
  key       TEXT NOT NULL,
  at        INTEGER NOT NULL,
  step      INTEGER,                     -- the step of its alert; NULL where it was not told
  level     TEXT,                        -- how it is the same as the story; NULL for the first
  score     REAL,
  reason    TEXT,
  resembles TEXT,
  data      TEXT NOT NULL,               -- the member
  PRIMARY KEY (story, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE told (
  story  INTEGER NOT NULL,
  number INTEGER NOT NULL,               -- the member that told it
  sink   TEXT NOT NULL,
  PRIMARY KEY (story, number, sink),
  FOREIGN KEY (story, number) REFERENCES member (story, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger (
  id        INTEGER PRIMARY KEY,
  alliance  TEXT NOT NULL,
  candidate TEXT NOT NULL,               -- '' for none, so that the unique index sees it
  act       TEXT NOT NULL,
  actor     TEXT NOT NULL,               -- '' for none
  stage     INTEGER NOT NULL,
  formal    INTEGER NOT NULL,
  since     INTEGER NOT NULL,
  last      INTEGER NOT NULL,
  alert     INTEGER,                     -- may outlive the alert
  title     TEXT NOT NULL,
  feed      TEXT NOT NULL,
  UNIQUE (alliance, candidate, act, actor)
) STRICT;

CREATE TABLE alert (
  id     INTEGER PRIMARY KEY,
  key    TEXT NOT NULL UNIQUE,
  story  INTEGER NOT NULL REFERENCES story (id),
  raised INTEGER NOT NULL,
  level  TEXT NOT NULL,
  rule   TEXT NOT NULL,                  -- the best
  data   TEXT NOT NULL                   -- the alert
) STRICT;
CREATE INDEX alert_story ON alert (story);

CREATE TABLE message (
  seq          INTEGER PRIMARY KEY,      -- order of queueing; a row number alone may change
  id           TEXT NOT NULL UNIQUE,     -- the webhook-id
  sink         TEXT NOT NULL,
  kind         TEXT NOT NULL,
  state        TEXT NOT NULL,
  created      INTEGER NOT NULL,
  due          INTEGER NOT NULL,
  attempts     INTEGER NOT NULL,         -- those that counted
  refusals     INTEGER NOT NULL,         -- of the endpoint, in a row
  fallback     INTEGER NOT NULL,
  content_type TEXT,                     -- with body: NULL until sealed
  body         BLOB,
  last_status  INTEGER,
  last_error   TEXT,
  settled      INTEGER,
  thread       TEXT                      -- what later messages of the story can reply to
) STRICT;
CREATE INDEX message_open ON message (sink, created)
  WHERE state IN ('queued', 'retrying', 'paused');

CREATE TABLE delivery (
  message TEXT NOT NULL REFERENCES message (id),
  alert   INTEGER NOT NULL REFERENCES alert (id),
  kind    TEXT NOT NULL,                 -- what the alert is to this sink: raised or updated
  PRIMARY KEY (message, alert)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_alert ON delivery (alert);

CREATE TABLE attempt (
  id      INTEGER PRIMARY KEY,
  message TEXT NOT NULL REFERENCES message (id),
  at      INTEGER NOT NULL,
  took    INTEGER NOT NULL,              -- milliseconds
  status  INTEGER,
  error   TEXT,
  answer  TEXT NOT NULL
) STRICT;
CREATE INDEX attempt_message ON attempt (message);

CREATE TABLE sink (
  name         TEXT PRIMARY KEY,
  paused_until INTEGER,
  disabled_at  INTEGER,
  disabled_why TEXT,
  failures     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
