-- Attempts that were made, whether they counted or not.
ALTER TABLE message ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
UPDATE message SET tries = max(attempts, (SELECT count(*) FROM attempt WHERE attempt.message = message.id));
-- Where a sink was when this was noted, as a number.
ALTER TABLE sink ADD COLUMN place INTEGER;
-- Since when and why it cannot be used at all.
ALTER TABLE sink ADD COLUMN fault_at INTEGER;
ALTER TABLE sink ADD COLUMN fault_why TEXT;
-- Bodies that could not be made were kept as such; now they are made again.
UPDATE message SET content_type = NULL, body = NULL
  WHERE content_type = 'application/x-pactwatch-unmade' AND state <> 'delivered';
