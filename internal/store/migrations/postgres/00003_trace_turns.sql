-- +goose Up
-- A made call goes on with the trace of the request that asked for it.
ALTER TABLE request ADD COLUMN trace TEXT NOT NULL DEFAULT '';
-- How long a person waited for each answer in a call: JSON list of milliseconds.
ALTER TABLE call ADD COLUMN turn_ms TEXT NOT NULL DEFAULT '';
