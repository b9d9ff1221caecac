-- What somebody made of an alert: the last word counts.
CREATE TABLE judgement (
  alert INTEGER PRIMARY KEY REFERENCES alert (id) ON DELETE CASCADE,
  good  INTEGER NOT NULL,
  note  TEXT,
  at    INTEGER NOT NULL
) STRICT;
