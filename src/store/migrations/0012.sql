-- The hub that a feed names, and what was agreed with it (WebSub).
ALTER TABLE feed ADD COLUMN hub TEXT;
ALTER TABLE feed ADD COLUMN topic TEXT;
CREATE TABLE lease (
  feed     TEXT PRIMARY KEY,
  hub      TEXT NOT NULL,
  topic    TEXT NOT NULL,
  token    TEXT NOT NULL UNIQUE,         -- the last part of the address that the hub calls
  key      TEXT NOT NULL,                -- ours, made for this hub alone; it signs with it
  phase    TEXT NOT NULL,                -- asked, active, denied
  until    INTEGER,
  due      INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  error    TEXT,
  pushed   INTEGER
) STRICT, WITHOUT ROWID;
