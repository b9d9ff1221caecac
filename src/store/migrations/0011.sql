-- What operators were told is wrong and not yet well again. `all.quiet` stands here with the time of the
-- last one.
CREATE TABLE trouble (
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,                 -- a feed, sink or rule; '' for the whole
  since   INTEGER,
  told    INTEGER NOT NULL,
  PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
-- What a message to operators says, as data; NULL in all others.
ALTER TABLE message ADD COLUMN event TEXT;
