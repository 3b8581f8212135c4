-- +goose Up
-- What people noted of calls that they listened to.
CREATE TABLE review (
    call_id    TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    pearl_id   TEXT NOT NULL,
    reviewed   INTEGER NOT NULL,               -- since when it is marked as reviewed, 0 = it is not
    comment    TEXT NOT NULL,
    changed    INTEGER NOT NULL,
    by_whom    TEXT NOT NULL,
    by_name    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX review_pearl ON review (pearl_id, reviewed, call_id);
