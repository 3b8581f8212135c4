-- +goose Up
-- What was announced of an account, in the order in which it was committed. The body is that of the delivery with the same id,
-- where there is one.
CREATE TABLE feed (
    account_id TEXT COLLATE "C" NOT NULL,
    place      BIGINT NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    pearl_id   TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    lead_id    TEXT COLLATE "C" NOT NULL,
    call_id    TEXT COLLATE "C" NOT NULL,
    status     BIGINT NOT NULL,             -- of the lead, or of the call
    created    BIGINT NOT NULL,
    body       BYTEA NOT NULL,
    PRIMARY KEY (account_id, place)
);
-- The last place that was taken: the row is held from when a transaction takes places to the end of its commit.
CREATE TABLE feed_end (
    account_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    place      BIGINT NOT NULL
) WITH (fillfactor = 50);
