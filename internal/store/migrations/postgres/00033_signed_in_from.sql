-- +goose Up
-- Where a person signed in last: attempts from there are counted apart from those of strangers.
ALTER TABLE person ADD COLUMN signed_in_from TEXT COLLATE "C" NOT NULL DEFAULT '';
