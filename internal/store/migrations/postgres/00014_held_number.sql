-- +goose Up
-- Numbers of calls that were lost: nobody has ended them on the wire, so that no other call begins until then.
CREATE TABLE IF NOT EXISTS held_number (
    account_id TEXT COLLATE "C" NOT NULL,
    number     TEXT COLLATE "C" NOT NULL,
    until      BIGINT NOT NULL,
    PRIMARY KEY (account_id, number)
);
