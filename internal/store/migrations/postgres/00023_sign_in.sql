-- +goose Up
-- How people sign in.
ALTER TABLE person ADD COLUMN password TEXT COLLATE "C" NOT NULL DEFAULT '';       -- argon2id; '' = has not joined
ALTER TABLE person ADD COLUMN two_factor TEXT COLLATE "C" NOT NULL DEFAULT '';     -- secret of an authenticator app, encrypted where there is a data key
ALTER TABLE person ADD COLUMN confirmed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE person ADD COLUMN used_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE person ADD COLUMN code BYTEA NOT NULL DEFAULT '';          -- SHA-256 of the code by which a password is set
ALTER TABLE person ADD COLUMN code_expires BIGINT NOT NULL DEFAULT 0;
ALTER TABLE person ADD COLUMN sessions BIGINT NOT NULL DEFAULT 0;     -- sessions that note a lower one are void
CREATE INDEX person_address ON person (email, created, id);
CREATE INDEX person_code ON person (code) WHERE code_expires > 0;
CREATE INDEX person_joined ON person (id) WHERE password <> '';

-- Sessions of browsers, by the SHA-256 of their token.
CREATE TABLE session (
    token   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    content BYTEA NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX session_expires ON session (expires);
