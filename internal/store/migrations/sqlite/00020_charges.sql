-- +goose Up
-- What a call took of outside services, by provider and model.
ALTER TABLE call ADD COLUMN charges TEXT NOT NULL DEFAULT '';
