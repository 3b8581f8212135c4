-- +goose Up
-- Leads whose country calling code was found wrong are counted by the time of that; there are few.
CREATE INDEX history_wrong_code ON history (at, lead_id) WHERE status_to = 30;
