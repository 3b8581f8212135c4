-- +goose Up
-- What the calls of a Pearl that began in a bucket add up to for analytics (report.Rollup). A bucket is named by the
-- instant it begins at, a multiple of 15 minutes. One without a row has nothing to show, unless it is due.
CREATE TABLE rollup (
    pearl_id TEXT COLLATE "C" NOT NULL,
    bucket   BIGINT NOT NULL,
    body     BYTEA NOT NULL
);
CREATE UNIQUE INDEX rollup_bucket ON rollup (pearl_id, bucket);
-- Mostly ids, which cannot be compressed.
ALTER TABLE rollup ALTER COLUMN body SET STORAGE EXTERNAL;

-- Buckets whose rollup does not hold: something of theirs has changed since.
CREATE TABLE rollup_due (
    pearl_id TEXT COLLATE "C" NOT NULL,
    bucket   BIGINT NOT NULL,
    PRIMARY KEY (pearl_id, bucket)
);
CREATE INDEX rollup_due_bucket ON rollup_due (bucket);

-- Whoever changes a call shares its bucket's mark until the commit; who rolls the bucket up locks the mark, and passes
-- over one that is shared. So a change that was not seen keeps its mark, and changes do not wait for each other.
-- +goose StatementBegin
CREATE FUNCTION share_rollup_due() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM 1 FROM rollup_due WHERE pearl_id = NEW.pearl_id AND bucket = NEW.bucket FOR KEY SHARE;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    RETURN NEW; -- where another has added it meanwhile, ON CONFLICT DO UPDATE waits for him and locks it
END $$;
-- +goose StatementEnd
CREATE TRIGGER share_mark BEFORE INSERT ON rollup_due FOR EACH ROW EXECUTE FUNCTION share_rollup_due();

-- The marks are made by triggers, so that no statement can forget them. start and pearl_id of a call never change.
-- +goose StatementBegin
CREATE FUNCTION mark_call() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        NEW := OLD;
    END IF;
    INSERT INTO rollup_due (pearl_id, bucket) VALUES (NEW.pearl_id, NEW.start - NEW.start % 900000)
        ON CONFLICT (pearl_id, bucket) DO UPDATE SET bucket = excluded.bucket;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER call_begins AFTER INSERT ON call FOR EACH ROW EXECUTE FUNCTION mark_call();
CREATE TRIGGER call_changes AFTER UPDATE OF lead_id, finished, status, outcome, conversation, duration, tags, sentiment, transferred, callback_promised, cost
    ON call FOR EACH ROW EXECUTE FUNCTION mark_call();
CREATE TRIGGER call_goes AFTER DELETE ON call FOR EACH ROW EXECUTE FUNCTION mark_call();
-- A wrong code is marked by the statement that adds it (markWrongCode).
-- +goose StatementBegin
CREATE FUNCTION mark_wrong_code() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO rollup_due (pearl_id, bucket) SELECT pearl_id, OLD.at - OLD.at % 900000 FROM lead WHERE id = OLD.lead_id
        ON CONFLICT (pearl_id, bucket) DO UPDATE SET bucket = excluded.bucket;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER wrong_code_goes AFTER DELETE ON history FOR EACH ROW WHEN (OLD.status_to = 30) EXECUTE FUNCTION mark_wrong_code();

INSERT INTO rollup_due (pearl_id, bucket)
    SELECT pearl_id, start - start % 900000 FROM call
    UNION SELECT l.pearl_id, h.at - h.at % 900000 FROM history h JOIN lead l ON l.id = h.lead_id WHERE h.status_to = 30;
