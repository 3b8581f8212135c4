-- +goose Up
-- People of an account; e-mail addresses in lower case.
CREATE TABLE person (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL,
    email      TEXT COLLATE "C" NOT NULL,
    role       BIGINT NOT NULL,
    created    BIGINT NOT NULL
);
CREATE UNIQUE INDEX person_email ON person (account_id, email);
