-- +goose Up
-- Dead letters of a campaign in the order in which they are sent again: among many that were delivered they would be searched for.
CREATE INDEX IF NOT EXISTS delivery_dead ON delivery (pearl_id, created, id) WHERE state = 'dead';
-- Nobody writes or reads it.
DROP TABLE IF EXISTS node;
