-- +goose Up
-- The API key on whose account a call goes: that which added the lead, or made the request.
ALTER TABLE lead ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE request ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE call ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
