-- +goose Up
-- The median of a call's latencies (turn_ms), in milliseconds, by which calls are sorted; -1 where nothing was answered.
ALTER TABLE call ADD COLUMN latency INTEGER NOT NULL DEFAULT -1;
UPDATE call SET latency = (SELECT value FROM (SELECT value::integer, row_number() OVER (ORDER BY value::integer) AS place, count(*) OVER () AS places
    FROM json_array_elements_text(call.turn_ms::json)) AS latencies WHERE place = (places + 1) / 2) WHERE turn_ms <> '';
