-- +goose Up
-- How people sign in.
ALTER TABLE person ADD COLUMN password TEXT NOT NULL DEFAULT '';       -- argon2id; '' = has not joined
ALTER TABLE person ADD COLUMN two_factor TEXT NOT NULL DEFAULT '';     -- secret of an authenticator app, encrypted where there is a data key
ALTER TABLE person ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE person ADD COLUMN used_step INTEGER NOT NULL DEFAULT 0;
ALTER TABLE person ADD COLUMN code BLOB NOT NULL DEFAULT x'';          -- SHA-256 of the code by which a password is set
ALTER TABLE person ADD COLUMN code_expires INTEGER NOT NULL DEFAULT 0;
ALTER TABLE person ADD COLUMN sessions INTEGER NOT NULL DEFAULT 0;     -- sessions that note a lower one are void
CREATE INDEX person_address ON person (email, created, id);
CREATE INDEX person_code ON person (code) WHERE code_expires > 0;
CREATE INDEX person_joined ON person (id) WHERE password <> '';

-- Sessions of browsers, by the SHA-256 of their token.
CREATE TABLE session (
    token   TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_expires ON session (expires);
