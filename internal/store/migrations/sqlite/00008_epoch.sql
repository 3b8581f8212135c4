-- +goose Up
-- How often a process has become the node of this database. What only the node may do reads it first: a process whose lock
-- went away, and which another has followed, writes nothing more of that.
CREATE TABLE node_epoch (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO node_epoch (id, epoch) VALUES (1, 0);
