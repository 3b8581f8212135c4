-- +goose Up
-- Rollups tell besides which leads were talked to: all are made anew.
DELETE FROM rollup;
INSERT OR IGNORE INTO rollup_due (pearl_id, bucket)
    SELECT pearl_id, start - start % 900000 FROM call
    UNION SELECT l.pearl_id, h.at - h.at % 900000 FROM history h JOIN lead l ON l.id = h.lead_id WHERE h.status_to = 30;
