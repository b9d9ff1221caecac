-- Matches of each rule by day, counted as they come: drift shows without reading history.
CREATE TABLE rule_day (
  rule    TEXT NOT NULL,
  day     INTEGER NOT NULL,              -- days since 1970-01-01, UTC
  matches INTEGER NOT NULL,
  PRIMARY KEY (rule, day)
) STRICT, WITHOUT ROWID;

-- Listings of a database that is years old read their page and no more.
CREATE INDEX alert_raised ON alert (raised);
CREATE INDEX message_created ON message (created);
CREATE INDEX story_last_seen ON story (last_seen);
CREATE INDEX item_old ON item (feed) WHERE decision = 'old';
