-- Requests are narrow rows; whatever is large lives in a table of its own, so that a change of state does not
-- rewrite it. `n` counts acceptances: among equals the lower one is older.
CREATE TABLE requests (
    n           INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    tenant      TEXT    NOT NULL,
    provider    TEXT    NOT NULL,
    compat      INTEGER NOT NULL,
    priority    INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 10),
    state       TEXT    NOT NULL CHECK (state IN ('queued', 'waiting', 'running', 'batched', 'succeeded', 'failed', 'expired', 'cancelled')),
    -- The fence: grows whenever the row changes hands.
    epoch       INTEGER NOT NULL DEFAULT 0,
    attempts    INTEGER NOT NULL DEFAULT 0,
    lost_leases INTEGER NOT NULL DEFAULT 0,
    -- Out of whose hands a canceller or the expiry took it. NULL: an ordinary claim, whose attempt counts.
    taken_from  TEXT    CHECK (taken_from IN ('queue', 'worker', 'job')),
    worker      TEXT,
    lease_until INTEGER,
    batch_id    BLOB,
    bytes       INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    ready_at    INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

-- Each index covers one kind of work and only the rows that wait for it, so none grows with history.
CREATE INDEX requests_ready  ON requests (provider, priority DESC) WHERE state = 'queued';
CREATE INDEX requests_compat ON requests (provider, compat, priority DESC) WHERE state = 'queued';
CREATE INDEX requests_due    ON requests (ready_at) WHERE state = 'waiting';
CREATE INDEX requests_leased ON requests (lease_until) WHERE state = 'running';
CREATE INDEX requests_expiry ON requests (expires_at) WHERE state IN ('queued', 'waiting', 'batched');
CREATE INDEX requests_member ON requests (batch_id, id) WHERE state = 'batched';
CREATE INDEX requests_ended  ON requests (updated_at) WHERE state IN ('succeeded', 'failed', 'expired', 'cancelled');

CREATE TRIGGER requests_terminal BEFORE UPDATE ON requests
WHEN OLD.state IN ('succeeded', 'failed', 'expired', 'cancelled')
BEGIN SELECT raise(ABORT, 'a terminal request never changes'); END;

CREATE TRIGGER requests_open BEFORE DELETE ON requests
WHEN OLD.state IN ('queued', 'waiting', 'running', 'batched')
BEGIN SELECT raise(ABORT, 'a request without an outcome is never deleted'); END;

CREATE TABLE payloads (
    n    INTEGER PRIMARY KEY REFERENCES requests (n) ON DELETE CASCADE,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE outcomes (
    n    INTEGER PRIMARY KEY REFERENCES requests (n) ON DELETE CASCADE,
    body BLOB NOT NULL
) STRICT;

CREATE TRIGGER outcomes_final BEFORE UPDATE ON outcomes
BEGIN SELECT raise(ABORT, 'an outcome never changes'); END;

CREATE TABLE idempotency (
    tenant    TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    body_hash BLOB    NOT NULL,
    n         INTEGER NOT NULL UNIQUE REFERENCES requests (n) ON DELETE CASCADE,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

-- The ledger: one row per lease that asked a provider, so that a cost is never counted twice.
CREATE TABLE attempts (
    n                   INTEGER NOT NULL REFERENCES requests (n) ON DELETE CASCADE,
    epoch               INTEGER NOT NULL,
    number              INTEGER NOT NULL,
    mode                TEXT    NOT NULL,
    batch_id            BLOB,
    started_at          INTEGER NOT NULL,
    ended_at            INTEGER NOT NULL,
    provider_request_id TEXT,
    failure_class       TEXT,
    usage               BLOB,
    cost                INTEGER NOT NULL,
    PRIMARY KEY (n, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
    id          BLOB    PRIMARY KEY CHECK (length(id) = 16),
    provider    TEXT    NOT NULL,
    model       TEXT    NOT NULL,
    adapter     TEXT    NOT NULL,
    items       INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('open', 'completed', 'failed', 'cancelled')),
    created_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    epoch       INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    seq         INTEGER NOT NULL DEFAULT 0,
    step_state  BLOB    NOT NULL,
    effect      BLOB,
    in_doubt    INTEGER NOT NULL DEFAULT 0,
    next_at     INTEGER NOT NULL,
    progress    BLOB    NOT NULL
) STRICT;

CREATE INDEX batches_due   ON batches (next_at) WHERE state = 'open';
CREATE INDEX batches_ended ON batches (ended_at) WHERE state <> 'open';

CREATE TRIGGER batches_terminal BEFORE UPDATE ON batches WHEN OLD.state <> 'open'
BEGIN SELECT raise(ABORT, 'an ended job never changes'); END;

CREATE TABLE outbox (
    d          INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    n          INTEGER NOT NULL REFERENCES requests (n) ON DELETE CASCADE,
    url        TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    tries      INTEGER NOT NULL DEFAULT 0,
    -- When to try; while someone tries, when to think him lost.
    next_at    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_error TEXT
) STRICT;

CREATE INDEX outbox_due     ON outbox (next_at) WHERE state = 'pending';
CREATE INDEX outbox_state   ON outbox (state, d);
CREATE INDEX outbox_request ON outbox (n);

CREATE TABLE outbox_bodies (
    d    INTEGER PRIMARY KEY REFERENCES outbox (d) ON DELETE CASCADE,
    body BLOB NOT NULL
) STRICT;

-- AUTOINCREMENT: a cursor that a reader has passed is never given out again.
CREATE TABLE events (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT    NOT NULL,
    id    TEXT    NOT NULL UNIQUE,
    n     INTEGER NOT NULL REFERENCES requests (n) ON DELETE CASCADE,
    body  BLOB    NOT NULL
) STRICT;

CREATE INDEX events_topic   ON events (topic, seq);
CREATE INDEX events_request ON events (n);

-- How full the queue is: changed in the transactions that change the rows, never counted.
CREATE TABLE counters (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    open   INTEGER NOT NULL CHECK (open >= 0),
    queued INTEGER NOT NULL CHECK (queued >= 0),
    bytes  INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
INSERT INTO counters VALUES (1, 0, 0, 0);

CREATE TABLE migrations (
    version    INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;
