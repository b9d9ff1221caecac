-- The rules that items were judged by last, and what a change of them meant for stored items.
ALTER TABLE meta ADD COLUMN rules TEXT;
ALTER TABLE meta ADD COLUMN compared TEXT;
