-- +goose Up
-- What a waiting lead rests from: due is since when, and how long it rests is what the settings say when it is asked.
ALTER TABLE lead ADD COLUMN rest TEXT NOT NULL DEFAULT '';
DROP INDEX lead_due;
-- Equality on every column before the range: the cost of a claim does not grow with the campaign.
CREATE INDEX lead_due ON lead (pearl_id, zone_key, promised, rest, due, id) WHERE due > 0;
