-- +goose Up
-- How large a call's recording is, for the room that an account's recordings take.
ALTER TABLE call ADD COLUMN recording_bytes INTEGER NOT NULL DEFAULT 0;
