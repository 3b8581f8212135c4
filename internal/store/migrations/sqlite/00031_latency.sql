-- +goose Up
-- The median of a call's latencies (turn_ms), in milliseconds, by which calls are sorted; -1 where nothing was answered.
ALTER TABLE call ADD COLUMN latency INTEGER NOT NULL DEFAULT -1;
UPDATE call SET latency = (SELECT value FROM (SELECT value, row_number() OVER (ORDER BY value) AS place, count(*) OVER () AS places
    FROM json_each(call.turn_ms)) WHERE place = (places + 1) / 2) WHERE turn_ms <> '';
