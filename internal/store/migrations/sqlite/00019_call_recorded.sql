-- +goose Up
-- Of recordings made before, only what they are at most is known: both sides, 8,000 samples a second of 2 bytes.
UPDATE call SET recording_bytes = 44 + 32000 * duration WHERE recording <> '' AND recording_bytes = 0;
CREATE INDEX IF NOT EXISTS call_recorded ON call (account_id, recording_bytes) WHERE recording_bytes > 0;
