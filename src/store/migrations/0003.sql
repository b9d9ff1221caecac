-- What a rule's habit is measured against: the days on which items came, and since when each rule
-- has been looking at them.
CREATE TABLE item_day (
  day   INTEGER PRIMARY KEY,             -- days since 1970-01-01, UTC
  items INTEGER NOT NULL
) STRICT;
INSERT INTO item_day SELECT seen / 86400000, count(*) FROM item GROUP BY 1;

CREATE TABLE rule (
  id    TEXT PRIMARY KEY,
  since INTEGER NOT NULL                 -- day on which it was first run
) STRICT, WITHOUT ROWID;
INSERT INTO rule SELECT rule, min(day) FROM rule_day GROUP BY rule;
