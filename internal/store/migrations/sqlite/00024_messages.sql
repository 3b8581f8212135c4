-- +goose Up
-- The SIP messages of a call, in the order in which they passed.
ALTER TABLE call ADD COLUMN messages TEXT NOT NULL DEFAULT '';
