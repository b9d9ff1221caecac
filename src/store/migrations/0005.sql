-- How the entries of a feed are told apart: flags, marks of shared ids and links, and the marks of the
-- entries of its last document (see `identity.rs` of the store). NULL where nothing was learned.
ALTER TABLE feed ADD COLUMN identity BLOB;
