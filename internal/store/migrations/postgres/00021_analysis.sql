-- +goose Up
-- What a language model makes of a call: how far it is, and the calls that wait for it.
ALTER TABLE call ADD COLUMN analysis TEXT NOT NULL DEFAULT '';

CREATE TABLE IF NOT EXISTS analysis (
    call_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL,
    next_try   BIGINT NOT NULL,
    lease      BIGINT NOT NULL,
    tries      BIGINT NOT NULL,
    task       TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS analysis_next ON analysis (account_id, next_try, call_id);
