-- +goose Up
-- Instants are milliseconds since 1970 in UTC, 0 = none. Ids are 24 hex digits, '' = none. JSON is kept as text, byte for byte.

CREATE TABLE account (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name           TEXT COLLATE "C" NOT NULL,
    total_agents   BIGINT NOT NULL,
    credit         BIGINT NOT NULL,
    standing       BIGINT NOT NULL,
    country_codes  TEXT COLLATE "C" NOT NULL,           -- JSON list; 'null' = all
    retention_days BIGINT NOT NULL,        -- -1 = none
    created        BIGINT NOT NULL
);

CREATE TABLE api_key (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    scope      TEXT COLLATE "C" NOT NULL,
    hash       BYTEA NOT NULL,
    created    BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    last_used  BIGINT NOT NULL
);
CREATE UNIQUE INDEX api_key_hash ON api_key (account_id, hash);

CREATE TABLE number (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL,
    number     TEXT COLLATE "C" NOT NULL,
    direction  BIGINT NOT NULL,
    trunk_id   TEXT COLLATE "C" NOT NULL,
    active     BOOLEAN NOT NULL,
    created    BIGINT NOT NULL
);
CREATE INDEX number_account ON number (account_id, created, id);

CREATE TABLE trunk (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    settings   TEXT COLLATE "C" NOT NULL,               -- JSON: address, credentials, codecs, limits
    active     BOOLEAN NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    detail     TEXT COLLATE "C" NOT NULL,
    until      BIGINT NOT NULL,
    created    BIGINT NOT NULL
);
CREATE INDEX trunk_account ON trunk (account_id, created, id);

CREATE TABLE suppression (
    account_id TEXT COLLATE "C" NOT NULL,
    entry      TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    source     TEXT COLLATE "C" NOT NULL,
    created    BIGINT NOT NULL,
    PRIMARY KEY (account_id, entry)
);
CREATE INDEX suppression_created ON suppression (account_id, created, id);

CREATE TABLE pearl (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id      TEXT COLLATE "C" NOT NULL,
    type            BIGINT NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    activity        BIGINT NOT NULL,
    archived        BOOLEAN NOT NULL,
    created         BIGINT NOT NULL,
    version         BIGINT NOT NULL,
    revision        TEXT COLLATE "C" NOT NULL,          -- new at every change: by it parsed settings are kept in memory
    phone_number_id TEXT COLLATE "C" NOT NULL,          -- of the settings, for counting what a trunk carries
    settings        TEXT COLLATE "C" NOT NULL,          -- JSON: definition, variables, inbound, outbound
    webhooks        TEXT COLLATE "C" NOT NULL,          -- JSON
    spent           BIGINT NOT NULL
);
CREATE INDEX pearl_account ON pearl (account_id, created, id);
CREATE INDEX pearl_running ON pearl (created, id) WHERE activity = 1;

CREATE TABLE memory (
    pearl_id TEXT COLLATE "C" NOT NULL,
    number   TEXT COLLATE "C" NOT NULL,
    content  TEXT COLLATE "C" NOT NULL,
    changed  BIGINT NOT NULL,
    PRIMARY KEY (pearl_id, number)
);

CREATE TABLE lead (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id  TEXT COLLATE "C" NOT NULL,
    pearl_id    TEXT COLLATE "C" NOT NULL,
    phone       TEXT COLLATE "C" NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    zone        TEXT COLLATE "C" NOT NULL,
    zone_key    TEXT COLLATE "C" NOT NULL,
    call_data   TEXT COLLATE "C" NOT NULL,              -- JSON object as given, '' = none
    collected   TEXT COLLATE "C" NOT NULL,              -- JSON object, '' = none
    search      TEXT COLLATE "C" NOT NULL,              -- external id and values of call_data, folded
    status      BIGINT NOT NULL,
    created     BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    due         BIGINT NOT NULL,           -- 0 unless it may be claimed
    promised    BOOLEAN NOT NULL,
    claim       TEXT COLLATE "C" NOT NULL,
    node        TEXT COLLATE "C" NOT NULL,
    call_id     TEXT COLLATE "C" NOT NULL,
    sequence    BIGINT NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,              -- JSON
    held        BIGINT NOT NULL            -- 20 queued, 40 a call is in the air, else 0
);
-- Equality on every column before the range: the cost of a claim does not grow with the campaign.
CREATE INDEX lead_due ON lead (pearl_id, zone_key, promised, due, id) WHERE due > 0;
CREATE INDEX lead_held ON lead (account_id, pearl_id, held) WHERE held > 0;
CREATE INDEX lead_external_id ON lead (pearl_id, external_id, id);
CREATE INDEX lead_phone ON lead (pearl_id, phone, id);
CREATE INDEX lead_created ON lead (pearl_id, created, id);
CREATE INDEX lead_status ON lead (pearl_id, status, created, id);

-- How many leads of a Pearl have a status: the sum over the shards.
CREATE TABLE lead_count (
    pearl_id TEXT COLLATE "C" NOT NULL,
    status   BIGINT NOT NULL,
    shard    BIGINT NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (pearl_id, status, shard)
);

CREATE TABLE call (
    id                TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id        TEXT COLLATE "C" NOT NULL,
    pearl_id          TEXT COLLATE "C" NOT NULL,
    lead_id           TEXT COLLATE "C" NOT NULL,
    request_id        TEXT COLLATE "C" NOT NULL,
    node              TEXT COLLATE "C" NOT NULL,
    trunk_id          TEXT COLLATE "C" NOT NULL,
    trace             TEXT COLLATE "C" NOT NULL,
    from_number       TEXT COLLATE "C" NOT NULL,
    to_number         TEXT COLLATE "C" NOT NULL,
    name              TEXT COLLATE "C" NOT NULL,
    search            TEXT COLLATE "C" NOT NULL,        -- name, folded
    start             BIGINT NOT NULL,
    answered          BIGINT NOT NULL,
    ended             BIGINT NOT NULL,
    finished          BIGINT NOT NULL,
    cancel            TEXT COLLATE "C" NOT NULL,
    hang_up           BOOLEAN NOT NULL,
    status            BIGINT NOT NULL,
    outcome           TEXT COLLATE "C" NOT NULL,
    conversation      BIGINT NOT NULL,
    duration          BIGINT NOT NULL,     -- whole seconds, for sorting
    tags              TEXT COLLATE "C" NOT NULL,        -- each between line feeds
    sentiment         BIGINT NOT NULL,
    transferred       BOOLEAN NOT NULL,
    callback_promised BOOLEAN NOT NULL,
    recording         TEXT COLLATE "C" NOT NULL,
    cost              BIGINT NOT NULL,
    sequence          BIGINT NOT NULL,
    summary           TEXT COLLATE "C" NOT NULL,
    call_data         TEXT COLLATE "C" NOT NULL,
    collected         TEXT COLLATE "C" NOT NULL,        -- JSON list
    transcript        TEXT COLLATE "C" NOT NULL         -- JSON list
);
-- Two live calls to one number cannot exist in an account.
CREATE UNIQUE INDEX call_live_number ON call (account_id, to_number) WHERE ended = 0;
CREATE INDEX call_live ON call (account_id, pearl_id, trunk_id, answered) WHERE ended = 0;
CREATE INDEX call_unfinished ON call (node) WHERE finished = 0;
CREATE INDEX call_start ON call (pearl_id, start, id);
CREATE INDEX call_lead ON call (lead_id, start, id) WHERE lead_id <> '';

CREATE TABLE request (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL,
    pearl_id   TEXT COLLATE "C" NOT NULL,
    to_number  TEXT COLLATE "C" NOT NULL,
    call_data  TEXT COLLATE "C" NOT NULL,
    status     BIGINT NOT NULL,
    created    BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    errors     TEXT COLLATE "C" NOT NULL,               -- JSON list
    call_id    TEXT COLLATE "C" NOT NULL,
    claim      TEXT COLLATE "C" NOT NULL,
    node       TEXT COLLATE "C" NOT NULL,
    due        BIGINT NOT NULL
);
CREATE INDEX request_created ON request (pearl_id, created, id);
CREATE INDEX request_waiting ON request (pearl_id, created, id) WHERE status = 1;
CREATE INDEX request_open ON request (account_id, pearl_id, created, id) WHERE status < 10;
CREATE INDEX request_claim ON request (account_id, pearl_id) WHERE claim <> '';

CREATE TABLE history (
    lead_id TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    status_from BIGINT NOT NULL,
    status_to   BIGINT NOT NULL,
    call_id TEXT COLLATE "C" NOT NULL,
    actor   TEXT COLLATE "C" NOT NULL,
    note    TEXT COLLATE "C" NOT NULL,
    entry   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
CREATE INDEX history_lead ON history (lead_id, entry);

CREATE TABLE delivery (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL,
    pearl_id TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    lead_id  TEXT COLLATE "C" NOT NULL,
    call_id  TEXT COLLATE "C" NOT NULL,
    is_start BOOLEAN NOT NULL,
    sequence BIGINT NOT NULL,
    body     BYTEA NOT NULL,
    trace    TEXT COLLATE "C" NOT NULL,
    state    TEXT COLLATE "C" NOT NULL,
    created  BIGINT NOT NULL,
    next_try BIGINT NOT NULL,
    lease    BIGINT NOT NULL,              -- a sender holds it until then, 0 = none
    held_back BOOLEAN NOT NULL,             -- waits for an earlier one
    hurried  BOOLEAN NOT NULL,              -- a start that is tried once more because the end of its call is ready
    tries    TEXT COLLATE "C" NOT NULL,                 -- JSON list
    replays  BIGINT NOT NULL
);
CREATE INDEX delivery_next ON delivery (pearl_id, next_try, id) WHERE state = 'pending';
CREATE INDEX delivery_lead ON delivery (lead_id, sequence) WHERE lead_id <> '';
CREATE INDEX delivery_call ON delivery (call_id) WHERE call_id <> '';
CREATE INDEX delivery_created ON delivery (pearl_id, created, id);

CREATE TABLE audit (
    account_id TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    event      BIGINT NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    actor_name TEXT COLLATE "C" NOT NULL,
    actor_type TEXT COLLATE "C" NOT NULL,
    data       TEXT COLLATE "C" NOT NULL,               -- JSON
    entry      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
CREATE INDEX audit_at ON audit (account_id, at, entry);

CREATE TABLE replay (
    account_id TEXT COLLATE "C" NOT NULL,
    route      TEXT COLLATE "C" NOT NULL,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    body_hash  BYTEA NOT NULL,
    status     BIGINT NOT NULL,
    type       TEXT COLLATE "C" NOT NULL,
    answer     BYTEA NOT NULL,
    created    BIGINT NOT NULL,
    PRIMARY KEY (account_id, route, idempotency_key)
);
CREATE INDEX replay_created ON replay (created);

CREATE TABLE secret (
    name    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    content BYTEA NOT NULL
);

CREATE TABLE node (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    alive_until BIGINT NOT NULL
);

-- Claims read the head of lead_due and delivery_next, where every claim leaves a dead entry: clean often.
ALTER TABLE lead SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE delivery SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE lead_count SET (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE node SET (fillfactor = 50);
