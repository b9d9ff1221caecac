-- How often in a row a message was put off by its receiver's rate signal.
ALTER TABLE message ADD COLUMN pauses INTEGER NOT NULL DEFAULT 0;
