-- +goose Up
-- Numbers of calls that were lost: nobody has ended them on the wire, so that no other call begins until then.
CREATE TABLE IF NOT EXISTS held_number (
    account_id TEXT NOT NULL,
    number     TEXT NOT NULL,
    until      INTEGER NOT NULL,
    PRIMARY KEY (account_id, number)
) STRICT, WITHOUT ROWID;
