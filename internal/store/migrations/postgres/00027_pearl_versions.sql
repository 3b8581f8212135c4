-- +goose Up
-- Settings of Pearls as they were and as they are to be: versions, and drafts beside the one in force.
ALTER TABLE pearl ADD COLUMN published BIGINT NOT NULL DEFAULT 0; -- number of the version in force; 0 = from before versions were kept
ALTER TABLE call ADD COLUMN pearl_version BIGINT NOT NULL DEFAULT 0;

CREATE TABLE pearl_version (
    pearl_id     TEXT COLLATE "C" NOT NULL,
    number       BIGINT NOT NULL,
    account_id   TEXT COLLATE "C" NOT NULL,
    at           BIGINT NOT NULL,
    made_by      TEXT NOT NULL,
    made_by_name TEXT NOT NULL,
    bytes        BIGINT NOT NULL,
    content      TEXT NOT NULL, -- without secrets
    PRIMARY KEY (pearl_id, number)
);

CREATE TABLE pearl_draft (
    pearl_id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id   TEXT COLLATE "C" NOT NULL,
    based_on     BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    made_by      TEXT NOT NULL,
    made_by_name TEXT NOT NULL,
    content      TEXT NOT NULL
);
