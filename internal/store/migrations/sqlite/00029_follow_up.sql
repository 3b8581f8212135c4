-- +goose Up
-- What is done after a call: its analysis (number 0), and the actions of its Pearl, each tried by itself.
CREATE TABLE follow_up (
    call_id    TEXT NOT NULL,
    number     INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    next_try   INTEGER NOT NULL,
    lease      INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    task       TEXT NOT NULL,
    PRIMARY KEY (call_id, number)
) STRICT;
INSERT INTO follow_up (call_id, number, account_id, next_try, lease, tries, task)
    SELECT call_id, 0, account_id, next_try, lease, tries, task FROM analysis;
DROP TABLE analysis;
CREATE INDEX follow_up_next ON follow_up (account_id, next_try, call_id, number);

-- What a call had done besides talking, and how many messages that were.
ALTER TABLE call ADD COLUMN acts TEXT NOT NULL DEFAULT '';
ALTER TABLE call ADD COLUMN sms_sent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call ADD COLUMN emails_sent INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER call_changes;
-- +goose StatementBegin
CREATE TRIGGER call_changes AFTER UPDATE OF lead_id, finished, status, outcome, conversation, duration, tags, sentiment, transferred, callback_promised, cost, sms_sent, emails_sent ON call BEGIN
    INSERT INTO rollup_due (pearl_id, bucket) VALUES (NEW.pearl_id, NEW.start - NEW.start % 900000) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- Rollups have two figures more: all are made anew.
DELETE FROM rollup;
INSERT OR IGNORE INTO rollup_due (pearl_id, bucket)
    SELECT pearl_id, start - start % 900000 FROM call
    UNION SELECT l.pearl_id, h.at - h.at % 900000 FROM history h JOIN lead l ON l.id = h.lead_id WHERE h.status_to = 30;
