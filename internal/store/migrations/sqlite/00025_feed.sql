-- +goose Up
-- What was announced of an account, in the order in which it was committed. The body is that of the delivery with the same id,
-- where there is one.
CREATE TABLE feed (
    account_id TEXT NOT NULL,
    place      INTEGER NOT NULL,
    id         TEXT NOT NULL,
    pearl_id   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    lead_id    TEXT NOT NULL,
    call_id    TEXT NOT NULL,
    status     INTEGER NOT NULL,            -- of the lead, or of the call
    created    INTEGER NOT NULL,
    body       BLOB NOT NULL,
    PRIMARY KEY (account_id, place)
) STRICT, WITHOUT ROWID;
-- The last place that was taken.
CREATE TABLE feed_end (
    account_id TEXT NOT NULL PRIMARY KEY,
    place      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
