-- +goose Up
-- What the calls of a Pearl that began in a bucket add up to for analytics (report.Rollup). A bucket is named by the
-- instant it begins at, a multiple of 15 minutes. One without a row has nothing to show, unless it is due.
CREATE TABLE rollup (
    pearl_id TEXT NOT NULL,
    bucket   INTEGER NOT NULL,
    body     BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX rollup_bucket ON rollup (pearl_id, bucket);

-- Buckets whose rollup does not hold: something of theirs has changed since.
CREATE TABLE rollup_due (
    pearl_id TEXT NOT NULL,
    bucket   INTEGER NOT NULL,
    PRIMARY KEY (pearl_id, bucket)
) STRICT, WITHOUT ROWID;
CREATE INDEX rollup_due_bucket ON rollup_due (bucket);

-- The marks are made by triggers, so that no statement can forget them. start and pearl_id of a call never change.
-- +goose StatementBegin
CREATE TRIGGER call_begins AFTER INSERT ON call BEGIN
    INSERT INTO rollup_due (pearl_id, bucket) VALUES (NEW.pearl_id, NEW.start - NEW.start % 900000) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER call_changes AFTER UPDATE OF lead_id, finished, status, outcome, conversation, duration, tags, sentiment, transferred, callback_promised, cost ON call BEGIN
    INSERT INTO rollup_due (pearl_id, bucket) VALUES (NEW.pearl_id, NEW.start - NEW.start % 900000) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER call_goes AFTER DELETE ON call BEGIN
    INSERT INTO rollup_due (pearl_id, bucket) VALUES (OLD.pearl_id, OLD.start - OLD.start % 900000) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd
-- A wrong code is marked by the statement that adds it (markWrongCode): a trigger would be asked at every entry of history.
-- +goose StatementBegin
CREATE TRIGGER wrong_code_goes AFTER DELETE ON history WHEN OLD.status_to = 30 BEGIN
    INSERT INTO rollup_due (pearl_id, bucket) SELECT pearl_id, OLD.at - OLD.at % 900000 FROM lead WHERE id = OLD.lead_id ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

INSERT INTO rollup_due (pearl_id, bucket)
    SELECT pearl_id, start - start % 900000 FROM call
    UNION SELECT l.pearl_id, h.at - h.at % 900000 FROM history h JOIN lead l ON l.id = h.lead_id WHERE h.status_to = 30;
