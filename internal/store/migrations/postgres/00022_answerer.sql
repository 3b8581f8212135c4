-- +goose Up
-- Who picked up a call, and what tells so.
ALTER TABLE call ADD COLUMN answerer TEXT NOT NULL DEFAULT '';
ALTER TABLE call ADD COLUMN evidence TEXT NOT NULL DEFAULT '';
