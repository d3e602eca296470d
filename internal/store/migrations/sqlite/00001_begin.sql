-- +goose Up

-- Times are INTEGER microseconds UTC, 0 where there is none. Booleans are INTEGER 0 or 1. Hashes are BLOBs of 32 bytes.
-- Columns that end in _key, and search, are folded by the program, so that both engines compare alike.

CREATE TABLE technician (
    id               TEXT    NOT NULL PRIMARY KEY,
    first_name       TEXT    NOT NULL,
    last_name        TEXT    NOT NULL,
    user_name        TEXT    NOT NULL,
    user_name_key    TEXT    NOT NULL,
    plain_name       INTEGER NOT NULL CHECK (plain_name IN (0, 1)), -- the key is ASCII alone
    skeleton         TEXT    NOT NULL,
    email            TEXT    NOT NULL,
    email_key        TEXT    NOT NULL,
    phone            TEXT    NOT NULL,
    role             TEXT    NOT NULL,
    status           TEXT    NOT NULL CHECK (status IN ('invited', 'active', 'deactivated')),
    method           TEXT    NOT NULL CHECK (method IN ('app', 'email', 'text', 'off')),
    generation       INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    password         BLOB    NOT NULL,
    password_at      INTEGER NOT NULL,
    setup_until      INTEGER NOT NULL,
    factor_disabled  INTEGER NOT NULL CHECK (factor_disabled IN (0, 1)),
    enrolment_needed INTEGER NOT NULL CHECK (enrolment_needed IN (0, 1)), -- a reset asks for an enrolment code
    wrong_run        INTEGER NOT NULL CHECK (wrong_run >= 0),
    recovery_run     INTEGER NOT NULL CHECK (recovery_run >= 0),
    wait_until       INTEGER NOT NULL,
    email_changed_at INTEGER NOT NULL,
    email_changed_by TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    last_sign_in_at  INTEGER NOT NULL,
    name_key         TEXT    NOT NULL,
    search           TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX technician_user_name ON technician (user_name_key);
-- Two ASCII names may share a skeleton (modern, modem); a name with other letters shares it with nobody.
CREATE UNIQUE INDEX technician_skeleton_foreign ON technician (skeleton) WHERE plain_name = 0;
CREATE INDEX technician_skeleton ON technician (skeleton);
CREATE INDEX technician_email ON technician (email_key);
CREATE INDEX technician_name ON technician (name_key, id, search); -- a search need not read the rows
CREATE INDEX technician_role ON technician (role, name_key, id);
CREATE INDEX technician_status ON technician (status, name_key, id);
CREATE INDEX technician_method ON technician (method, name_key, id);
CREATE INDEX technician_last ON technician (last_sign_in_at, name_key, id);

CREATE TABLE factor (
    technician TEXT    NOT NULL PRIMARY KEY REFERENCES technician (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL CHECK (kind IN ('app', 'email', 'text')),
    secret     BLOB    NOT NULL,
    last_step  INTEGER NOT NULL,
    step_offset INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    proved_at  INTEGER NOT NULL,
    used_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX factor_kind ON factor (kind, technician);

CREATE TABLE recovery_code (
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    hash       BLOB    NOT NULL,
    used_at    INTEGER NOT NULL,
    PRIMARY KEY (technician, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment_code (
    technician TEXT    NOT NULL PRIMARY KEY REFERENCES technician (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    hash       BLOB    NOT NULL,
    expires_at INTEGER NOT NULL,
    issued_by  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE wrong_day (
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    day        INTEGER NOT NULL, -- days since 1970-01-01 UTC
    answers    INTEGER NOT NULL CHECK (answers >= 0),
    PRIMARY KEY (technician, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX wrong_day_day ON wrong_day (day);

CREATE TABLE sign_in (
    hash        BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    technician  TEXT    REFERENCES technician (id) ON DELETE CASCADE, -- NULL for the first Super Admin's set-up
    generation  INTEGER NOT NULL,
    purpose     TEXT    NOT NULL,
    password    INTEGER NOT NULL CHECK (password IN (0, 1)),
    opener      INTEGER NOT NULL CHECK (opener IN (0, 1)),
    enrolment   INTEGER NOT NULL CHECK (enrolment IN (0, 1)),
    recovery    INTEGER NOT NULL CHECK (recovery IN (0, 1)),
    factor      INTEGER NOT NULL CHECK (factor IN (0, 1)),
    enrolled    INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
    session     BLOB    NOT NULL, -- the session that a step-up belongs to, empty where there is none
    pending     BLOB    NOT NULL,
    pending_at  INTEGER NOT NULL,
    hint_step   INTEGER NOT NULL,
    hint_offset INTEGER NOT NULL,
    wrong       INTEGER NOT NULL,
    return_to   TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    browser     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_technician ON sign_in (technician);
CREATE INDEX sign_in_session ON sign_in (session);
CREATE INDEX sign_in_expires ON sign_in (expires_at);

CREATE TABLE code (
    id         TEXT    NOT NULL PRIMARY KEY,
    sign_in    BLOB    NOT NULL REFERENCES sign_in (hash) ON DELETE CASCADE ON UPDATE CASCADE,
    place      INTEGER NOT NULL, -- 1, 2, … within the sign-in; the greatest is the newest
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    channel    TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    hash       BLOB    NOT NULL,
    attempts   INTEGER NOT NULL CHECK (attempts BETWEEN 0 AND 3),
    state      TEXT    NOT NULL CHECK (state IN ('sending', 'sent', 'failed', 'unclear')),
    detail     TEXT    NOT NULL,
    dead       INTEGER NOT NULL CHECK (dead IN (0, 1)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX code_newest ON code (sign_in, place);
CREATE INDEX code_technician ON code (technician);

CREATE TABLE send (
    code       TEXT    NOT NULL PRIMARY KEY,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    address    TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    succeeded  INTEGER NOT NULL CHECK (succeeded IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX send_technician ON send (technician, at);
CREATE INDEX send_address ON send (address, at);
CREATE INDEX send_at ON send (at);

CREATE TABLE session (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    method     TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    browser    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    proved_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_technician ON session (technician, created_at, hash);
CREATE INDEX session_used ON session (used_at, hash);
CREATE INDEX session_expires ON session (expires_at);

CREATE TABLE ended_session (
    hash     BLOB    NOT NULL PRIMARY KEY,
    reason   TEXT    NOT NULL,
    ended_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ended_session_at ON ended_session (ended_at);

CREATE TABLE device (
    hash       BLOB    NOT NULL PRIMARY KEY,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX device_technician ON device (technician);
CREATE INDEX device_seen ON device (seen_at);

CREATE TABLE link (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    kind       TEXT    NOT NULL,
    technician TEXT    REFERENCES technician (id) ON DELETE CASCADE, -- NULL for the first Super Admin's set-up
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX link_technician ON link (technician, kind, created_at);
CREATE INDEX link_expires ON link (expires_at);

CREATE TABLE password_reset (
    id         TEXT    NOT NULL PRIMARY KEY,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    waiting    INTEGER NOT NULL CHECK (waiting IN (0, 1)),
    address    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX password_reset_technician ON password_reset (technician);
CREATE INDEX password_reset_expires ON password_reset (expires_at);

CREATE TABLE reset_asked (
    id         INTEGER PRIMARY KEY,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL
) STRICT;

CREATE INDEX reset_asked_technician ON reset_asked (technician, at);
CREATE INDEX reset_asked_at ON reset_asked (at);

CREATE TABLE help_request (
    id         TEXT    NOT NULL PRIMARY KEY,
    number     TEXT    NOT NULL,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    note       TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    browser    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    done_at    INTEGER NOT NULL,
    done_by    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX help_request_technician ON help_request (technician, done_at);
CREATE INDEX help_request_open ON help_request (done_at, created_at);

CREATE TABLE notice (
    id         TEXT    NOT NULL PRIMARY KEY,
    type       TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notice_seen (
    notice     TEXT    NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    PRIMARY KEY (notice, technician)
) STRICT, WITHOUT ROWID;

CREATE INDEX notice_seen_technician ON notice_seen (technician);

CREATE TABLE guess (
    id         TEXT    NOT NULL PRIMARY KEY,
    wrong      INTEGER NOT NULL,
    wait_until INTEGER NOT NULL,
    last_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX guess_last ON guess (last_at);

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE gateway (
    channel     TEXT    NOT NULL CHECK (channel IN ('email', 'sms')),
    slot        TEXT    NOT NULL CHECK (slot IN ('live', 'draft')),
    kind        TEXT    NOT NULL,
    settings    TEXT    NOT NULL, -- JSON object
    sealed      BLOB    NOT NULL,
    secrets_set TEXT    NOT NULL, -- JSON array of names
    version     INTEGER NOT NULL,
    proved_at   INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    changed_by  TEXT    NOT NULL,
    PRIMARY KEY (channel, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id         TEXT    NOT NULL PRIMARY KEY,
    channel    TEXT    NOT NULL CHECK (channel IN ('email', 'sms')),
    recipient  TEXT    NOT NULL,
    sealed     BLOB    NOT NULL, -- empty as soon as it is done
    attempts   INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    sent_at    INTEGER NOT NULL,
    done_at    INTEGER NOT NULL, -- sent or given up
    last_error TEXT    NOT NULL,
    event      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_due ON outbox (done_at, next_at, id);

CREATE TABLE event (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    type        TEXT    NOT NULL,
    actor_kind  TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    actor_name  TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    target_name TEXT    NOT NULL,
    old_values  TEXT    NOT NULL, -- JSON object or empty
    new_values  TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    browser     TEXT    NOT NULL,
    request     TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    search      TEXT    NOT NULL
) STRICT;

CREATE INDEX event_at ON event (at);
CREATE INDEX event_type ON event (type, id);
CREATE INDEX event_actor ON event (actor, id) WHERE actor <> '';
CREATE INDEX event_target ON event (target, id) WHERE target <> '';

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
