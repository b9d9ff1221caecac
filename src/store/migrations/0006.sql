-- Since when a feed is in its condition, since when it gets no answer because the network is down,
-- and when another command asked for a poll at once. NULL in rows from before.
ALTER TABLE feed ADD COLUMN since INTEGER;
ALTER TABLE feed ADD COLUMN offline INTEGER;
ALTER TABLE feed ADD COLUMN wanted INTEGER;
