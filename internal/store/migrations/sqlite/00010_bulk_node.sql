-- +goose Up
-- Whose process adds: what it no longer knows of, because the end of a transaction was not told, it takes back itself.
ALTER TABLE bulk ADD COLUMN node TEXT NOT NULL DEFAULT '';
