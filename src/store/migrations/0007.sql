-- Until when a message waits by its sink's own hours, and what for. An empty reason: sent by hand, it
-- waits for nothing.
ALTER TABLE message ADD COLUMN held_until INTEGER;
ALTER TABLE message ADD COLUMN held_for TEXT;
CREATE INDEX message_sent ON message (sink, settled) WHERE state = 'delivered';
