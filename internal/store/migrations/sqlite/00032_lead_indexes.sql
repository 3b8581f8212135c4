-- +goose Up
-- Leads of all campaigns of an account, by number and by external id.
CREATE INDEX lead_of_account_phone ON lead (account_id, phone, id);
CREATE INDEX lead_of_account_external_id ON lead (account_id, external_id, id) WHERE external_id <> '';
-- The columns at the end are filtered by: a search finds and counts in the index alone.
DROP INDEX lead_created;
CREATE INDEX lead_created ON lead (pearl_id, created, id, attempts, zone_key);
DROP INDEX lead_status;
CREATE INDEX lead_status ON lead (pearl_id, status, created, id, attempts, zone_key);
