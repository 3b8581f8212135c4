-- +goose Up
-- What calls over trunks have used of a day (UTC, by the instant it begins at), by key.
CREATE TABLE IF NOT EXISTS usage (
    account_id TEXT COLLATE "C" NOT NULL,
    day        BIGINT NOT NULL,
    key_id     TEXT COLLATE "C" NOT NULL,
    calls      BIGINT NOT NULL,
    minutes    BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, key_id)
);
