-- +goose Up
-- What calls over trunks have used of a day (UTC, by the instant it begins at), by key.
CREATE TABLE IF NOT EXISTS usage (
    account_id TEXT NOT NULL,
    day        INTEGER NOT NULL,
    key_id     TEXT NOT NULL,
    calls      INTEGER NOT NULL,
    minutes    INTEGER NOT NULL,
    PRIMARY KEY (account_id, day, key_id)
) STRICT, WITHOUT ROWID;
