-- +goose Up
-- Instants are milliseconds since 1970 in UTC, 0 = none. Ids are 24 hex digits, '' = none. JSON is kept as text, byte for byte.

CREATE TABLE account (
    id             TEXT NOT NULL PRIMARY KEY,
    name           TEXT NOT NULL,
    total_agents   INTEGER NOT NULL,
    credit         INTEGER NOT NULL,
    standing       INTEGER NOT NULL,
    country_codes  TEXT NOT NULL,           -- JSON list; 'null' = all
    retention_days INTEGER NOT NULL,        -- -1 = none
    created        INTEGER NOT NULL
) STRICT;

CREATE TABLE api_key (
    id         TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    name       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    hash       BLOB NOT NULL,
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    last_used  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX api_key_hash ON api_key (account_id, hash);

CREATE TABLE number (
    id         TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    number     TEXT NOT NULL,
    direction  INTEGER NOT NULL,
    trunk_id   TEXT NOT NULL,
    active     INTEGER NOT NULL,
    created    INTEGER NOT NULL
) STRICT;
CREATE INDEX number_account ON number (account_id, created, id);

CREATE TABLE trunk (
    id         TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    name       TEXT NOT NULL,
    settings   TEXT NOT NULL,               -- JSON: address, credentials, codecs, limits
    active     INTEGER NOT NULL,
    state      TEXT NOT NULL,
    detail     TEXT NOT NULL,
    until      INTEGER NOT NULL,
    created    INTEGER NOT NULL
) STRICT;
CREATE INDEX trunk_account ON trunk (account_id, created, id);

CREATE TABLE suppression (
    account_id TEXT NOT NULL,
    entry      TEXT NOT NULL,
    id         TEXT NOT NULL,
    source     TEXT NOT NULL,
    created    INTEGER NOT NULL,
    PRIMARY KEY (account_id, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX suppression_created ON suppression (account_id, created, id);

CREATE TABLE pearl (
    id              TEXT NOT NULL PRIMARY KEY,
    account_id      TEXT NOT NULL,
    type            INTEGER NOT NULL,
    name            TEXT NOT NULL,
    activity        INTEGER NOT NULL,
    archived        INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    revision        TEXT NOT NULL,          -- new at every change: by it parsed settings are kept in memory
    phone_number_id TEXT NOT NULL,          -- of the settings, for counting what a trunk carries
    settings        TEXT NOT NULL,          -- JSON: definition, variables, inbound, outbound
    webhooks        TEXT NOT NULL,          -- JSON
    spent           INTEGER NOT NULL
) STRICT;
CREATE INDEX pearl_account ON pearl (account_id, created, id);
CREATE INDEX pearl_running ON pearl (created, id) WHERE activity = 1;

CREATE TABLE memory (
    pearl_id TEXT NOT NULL,
    number   TEXT NOT NULL,
    content  TEXT NOT NULL,
    changed  INTEGER NOT NULL,
    PRIMARY KEY (pearl_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE lead (
    id          TEXT NOT NULL PRIMARY KEY,
    account_id  TEXT NOT NULL,
    pearl_id    TEXT NOT NULL,
    phone       TEXT NOT NULL,
    external_id TEXT NOT NULL,
    zone        TEXT NOT NULL,
    zone_key    TEXT NOT NULL,
    call_data   TEXT NOT NULL,              -- JSON object as given, '' = none
    collected   TEXT NOT NULL,              -- JSON object, '' = none
    search      TEXT NOT NULL,              -- external id and values of call_data, folded
    status      INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    due         INTEGER NOT NULL,           -- 0 unless it may be claimed
    promised    INTEGER NOT NULL,
    claim       TEXT NOT NULL,
    node        TEXT NOT NULL,
    call_id     TEXT NOT NULL,
    sequence    INTEGER NOT NULL,
    state       TEXT NOT NULL,              -- JSON
    held        INTEGER NOT NULL            -- 20 queued, 40 a call is in the air, else 0
) STRICT;
-- Equality on every column before the range: the cost of a claim does not grow with the campaign.
CREATE INDEX lead_due ON lead (pearl_id, zone_key, promised, due, id) WHERE due > 0;
CREATE INDEX lead_held ON lead (account_id, pearl_id, held) WHERE held > 0;
CREATE INDEX lead_external_id ON lead (pearl_id, external_id, id);
CREATE INDEX lead_phone ON lead (pearl_id, phone, id);
CREATE INDEX lead_created ON lead (pearl_id, created, id);
CREATE INDEX lead_status ON lead (pearl_id, status, created, id);

-- How many leads of a Pearl have a status: the sum over the shards.
CREATE TABLE lead_count (
    pearl_id TEXT NOT NULL,
    status   INTEGER NOT NULL,
    shard    INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (pearl_id, status, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE call (
    id                TEXT NOT NULL PRIMARY KEY,
    account_id        TEXT NOT NULL,
    pearl_id          TEXT NOT NULL,
    lead_id           TEXT NOT NULL,
    request_id        TEXT NOT NULL,
    node              TEXT NOT NULL,
    trunk_id          TEXT NOT NULL,
    trace             TEXT NOT NULL,
    from_number       TEXT NOT NULL,
    to_number         TEXT NOT NULL,
    name              TEXT NOT NULL,
    search            TEXT NOT NULL,        -- name, folded
    start             INTEGER NOT NULL,
    answered          INTEGER NOT NULL,
    ended             INTEGER NOT NULL,
    finished          INTEGER NOT NULL,
    cancel            TEXT NOT NULL,
    hang_up           INTEGER NOT NULL,
    status            INTEGER NOT NULL,
    outcome           TEXT NOT NULL,
    conversation      INTEGER NOT NULL,
    duration          INTEGER NOT NULL,     -- whole seconds, for sorting
    tags              TEXT NOT NULL,        -- each between line feeds
    sentiment         INTEGER NOT NULL,
    transferred       INTEGER NOT NULL,
    callback_promised INTEGER NOT NULL,
    recording         TEXT NOT NULL,
    cost              INTEGER NOT NULL,
    sequence          INTEGER NOT NULL,
    summary           TEXT NOT NULL,
    call_data         TEXT NOT NULL,
    collected         TEXT NOT NULL,        -- JSON list
    transcript        TEXT NOT NULL         -- JSON list
) STRICT;
-- Two live calls to one number cannot exist in an account.
CREATE UNIQUE INDEX call_live_number ON call (account_id, to_number) WHERE ended = 0;
CREATE INDEX call_live ON call (account_id, pearl_id, trunk_id, answered) WHERE ended = 0;
CREATE INDEX call_unfinished ON call (node) WHERE finished = 0;
CREATE INDEX call_start ON call (pearl_id, start, id);
CREATE INDEX call_lead ON call (lead_id, start, id) WHERE lead_id <> '';

CREATE TABLE request (
    id         TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    pearl_id   TEXT NOT NULL,
    to_number  TEXT NOT NULL,
    call_data  TEXT NOT NULL,
    status     INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    errors     TEXT NOT NULL,               -- JSON list
    call_id    TEXT NOT NULL,
    claim      TEXT NOT NULL,
    node       TEXT NOT NULL,
    due        INTEGER NOT NULL
) STRICT;
CREATE INDEX request_created ON request (pearl_id, created, id);
CREATE INDEX request_waiting ON request (pearl_id, created, id) WHERE status = 1;
CREATE INDEX request_open ON request (account_id, pearl_id, created, id) WHERE status < 10;
CREATE INDEX request_claim ON request (account_id, pearl_id) WHERE claim <> '';

CREATE TABLE history (
    lead_id TEXT NOT NULL,
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    status_from INTEGER NOT NULL,
    status_to   INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    actor   TEXT NOT NULL,
    note    TEXT NOT NULL,
    entry   INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;
CREATE INDEX history_lead ON history (lead_id, entry);

CREATE TABLE delivery (
    id       TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    pearl_id TEXT NOT NULL,
    kind     TEXT NOT NULL,
    lead_id  TEXT NOT NULL,
    call_id  TEXT NOT NULL,
    is_start INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    body     BLOB NOT NULL,
    trace    TEXT NOT NULL,
    state    TEXT NOT NULL,
    created  INTEGER NOT NULL,
    next_try INTEGER NOT NULL,
    lease    INTEGER NOT NULL,              -- a sender holds it until then, 0 = none
    held_back INTEGER NOT NULL,             -- waits for an earlier one
    hurried  INTEGER NOT NULL,              -- a start that is tried once more because the end of its call is ready
    tries    TEXT NOT NULL,                 -- JSON list
    replays  INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_next ON delivery (pearl_id, next_try, id) WHERE state = 'pending';
CREATE INDEX delivery_lead ON delivery (lead_id, sequence) WHERE lead_id <> '';
CREATE INDEX delivery_call ON delivery (call_id) WHERE call_id <> '';
CREATE INDEX delivery_created ON delivery (pearl_id, created, id);

CREATE TABLE audit (
    account_id TEXT NOT NULL,
    at         INTEGER NOT NULL,
    event      INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    actor_type TEXT NOT NULL,
    data       TEXT NOT NULL,               -- JSON
    entry      INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;
CREATE INDEX audit_at ON audit (account_id, at, entry);

CREATE TABLE replay (
    account_id TEXT NOT NULL,
    route      TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash  BLOB NOT NULL,
    status     INTEGER NOT NULL,
    type       TEXT NOT NULL,
    answer     BLOB NOT NULL,
    created    INTEGER NOT NULL,
    PRIMARY KEY (account_id, route, idempotency_key)
) STRICT;
CREATE INDEX replay_created ON replay (created);

CREATE TABLE secret (
    name    TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE node (
    id         TEXT NOT NULL PRIMARY KEY,
    alive_until INTEGER NOT NULL
) STRICT;
