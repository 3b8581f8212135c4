-- +goose Up
-- The colour (#rrggbb) by which people tell accounts apart, '' = none.
ALTER TABLE account ADD COLUMN color TEXT NOT NULL DEFAULT '';
