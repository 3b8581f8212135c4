-- +goose Up
-- The colour (#rrggbb) by which people tell accounts apart, '' = none.
ALTER TABLE account ADD COLUMN color TEXT COLLATE "C" NOT NULL DEFAULT '';
