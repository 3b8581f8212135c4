-- +goose Up
-- The country whose national format numbers are read in where a campaign names none, '' = none.
ALTER TABLE account ADD COLUMN default_region TEXT COLLATE "C" NOT NULL DEFAULT '';
