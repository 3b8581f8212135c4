-- +goose Up
-- People of an account; e-mail addresses in lower case.
CREATE TABLE person (
    id         TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    email      TEXT NOT NULL,
    role       INTEGER NOT NULL,
    created    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX person_email ON person (account_id, email);
