-- +goose Up
-- Adds of many leads under way, a part a transaction. While the row is there, the leads of the campaign with ids from
-- first_id to last_id are not whole: they are not called, and taken back where the process ends before.
CREATE TABLE bulk (
    first_id   TEXT NOT NULL PRIMARY KEY,
    last_id    TEXT NOT NULL,
    account_id TEXT NOT NULL,
    pearl_id   TEXT NOT NULL,
    created    INTEGER NOT NULL
) STRICT;
