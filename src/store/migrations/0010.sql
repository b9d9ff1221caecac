-- What somebody decided about stories by hand. The number of a story that was given up leads to the one
-- that it went into.
CREATE TABLE regrouped (
  id    INTEGER PRIMARY KEY,
  at    INTEGER NOT NULL,
  what  TEXT NOT NULL,                   -- split or merge
  story INTEGER NOT NULL,                -- the story that was split, or given up
  other INTEGER NOT NULL                 -- the item's own story, or the one that it went into
) STRICT;
CREATE INDEX regrouped_story ON regrouped (story);

-- What is not told for a while. Rows stay when they end: what was kept back stays explained.
CREATE TABLE mute (
  id      INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,                 -- S-3, the name of an alliance, or a candidate's code
  since   INTEGER NOT NULL,
  until   INTEGER NOT NULL,
  note    TEXT,
  kept    INTEGER NOT NULL               -- alerts that were kept back
) STRICT;
CREATE INDEX mute_until ON mute (until);
