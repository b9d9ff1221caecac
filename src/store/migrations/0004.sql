-- What is remembered of a feed holds for one address: SHA-256 of the configured one, which may hold a
-- secret. NULL in rows from before.
ALTER TABLE feed ADD COLUMN address BLOB;
