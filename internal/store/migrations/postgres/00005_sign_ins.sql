-- +goose Up
-- Sign-ins, used and refused (1, 2), are the entries of the audit log that have an end.
CREATE INDEX audit_sign_in ON audit (event, at) WHERE event < 3;
