-- Assessments, as requests: narrow rows that leases change, and what is large in tables of its own. What was
-- asked for never changes and is apart from what every step rewrites. `a` is what other rows hang on.
CREATE TABLE assessments (
    a           INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    tenant      TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    hash        BLOB    NOT NULL CHECK (length(hash) = 32),
    state       TEXT    NOT NULL CHECK (state IN ('running', 'completed', 'failed', 'cancelled')),
    -- The fence: grows with every claim.
    epoch       INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    next_at     INTEGER NOT NULL,
    -- Told since it was last claimed: then whoever holds it may not put it off.
    told_at     INTEGER,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    UNIQUE (tenant, name),
    CHECK ((state = 'running') = (ended_at IS NULL)),
    CHECK (state = 'running' OR lease_until IS NULL)
) STRICT;

CREATE INDEX assessments_due   ON assessments (next_at) WHERE state = 'running';
CREATE INDEX assessments_ended ON assessments (ended_at) WHERE state <> 'running';

CREATE TRIGGER assessments_terminal BEFORE UPDATE ON assessments WHEN OLD.state <> 'running'
BEGIN SELECT raise(ABORT, 'an ended assessment never changes'); END;

CREATE TRIGGER assessments_running BEFORE DELETE ON assessments WHEN OLD.state = 'running'
BEGIN SELECT raise(ABORT, 'a running assessment is never deleted'); END;

CREATE TABLE assessment_specs (
    a    INTEGER PRIMARY KEY REFERENCES assessments (a) ON DELETE CASCADE,
    body BLOB NOT NULL
) STRICT;

CREATE TRIGGER assessment_specs_final BEFORE UPDATE ON assessment_specs
BEGIN SELECT raise(ABORT, 'what was asked for never changes'); END;

-- The view comes first: readers want it without the session behind it.
CREATE TABLE assessment_bodies (
    a       INTEGER PRIMARY KEY REFERENCES assessments (a) ON DELETE CASCADE,
    view    BLOB NOT NULL,
    session BLOB NOT NULL
) STRICT;

CREATE TABLE assessment_comparisons (
    a      INTEGER NOT NULL REFERENCES assessments (a) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 0),
    body   BLOB    NOT NULL,
    PRIMARY KEY (a, number)
) STRICT;

CREATE TABLE assessment_log (
    a      INTEGER NOT NULL REFERENCES assessments (a) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 0),
    at     INTEGER NOT NULL,
    body   BLOB    NOT NULL,
    PRIMARY KEY (a, number)
) STRICT;

CREATE TRIGGER assessment_log_final BEFORE UPDATE ON assessment_log
BEGIN SELECT raise(ABORT, 'a decision never changes'); END;

CREATE TABLE resources (
    kind       TEXT    NOT NULL,
    scope      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, scope, key)
) STRICT;

-- An event belongs to a request or to an assessment, and goes when its owner goes. SQLite cannot drop a NOT NULL,
-- so the table is made anew, with the cursors as they are and the counter that keeps them from coming again.
CREATE TABLE new_events (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT    NOT NULL,
    id    TEXT    NOT NULL UNIQUE,
    n     INTEGER REFERENCES requests (n) ON DELETE CASCADE,
    a     INTEGER REFERENCES assessments (a) ON DELETE CASCADE,
    body  BLOB    NOT NULL,
    CHECK ((n IS NULL) <> (a IS NULL))
) STRICT;
INSERT INTO new_events (seq, topic, id, n, body) SELECT seq, topic, id, n, body FROM events ORDER BY seq;
DELETE FROM sqlite_sequence WHERE name = 'new_events';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_events', seq FROM sqlite_sequence WHERE name = 'events';
DROP TABLE events;
ALTER TABLE new_events RENAME TO events;

CREATE INDEX events_topic      ON events (topic, seq);
CREATE INDEX events_request    ON events (n) WHERE n IS NOT NULL;
CREATE INDEX events_assessment ON events (a) WHERE a IS NOT NULL;
