-- +goose Up
-- What a round of the dialer, a pause and a blacklist entry read of call requests, so that none reads all that wait.
CREATE INDEX IF NOT EXISTS request_due ON request (pearl_id, due, created, id) WHERE status = 1 AND claim = '';
CREATE INDEX IF NOT EXISTS request_expires ON request (account_id, expires, id) WHERE status = 1 AND claim = '';
CREATE INDEX IF NOT EXISTS request_number ON request (account_id, to_number, id) WHERE status = 1;
CREATE INDEX IF NOT EXISTS request_held ON request (account_id, pearl_id) WHERE status = 2 OR claim <> '';
DROP INDEX IF EXISTS request_open;
