-- +goose Up

-- The same tables as sqlite/00001_begin.sql. Times are BIGINT microseconds UTC, 0 where there is none. Hashes are BYTEA of
-- 32 bytes. Columns that end in _key, and search, are folded by the program, and every text is compared by its bytes, so
-- that both engines compare alike whatever the locale of the database is.

-- now_us is the clock that judges expiry: that of the database, at the moment it is asked, never that of the
-- transaction's begin. VOLATILE, so that the planner puts the expression in its place and never keeps its answer.
-- +goose StatementBegin
CREATE FUNCTION now_us() RETURNS BIGINT LANGUAGE sql VOLATILE PARALLEL SAFE AS
$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT $$;
-- +goose StatementEnd

CREATE TABLE technician (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    first_name       TEXT COLLATE "C" NOT NULL,
    last_name        TEXT COLLATE "C" NOT NULL,
    user_name        TEXT COLLATE "C" NOT NULL,
    user_name_key    TEXT COLLATE "C" NOT NULL,
    plain_name       BOOLEAN          NOT NULL, -- the key is ASCII alone
    skeleton         TEXT COLLATE "C" NOT NULL,
    email            TEXT COLLATE "C" NOT NULL,
    email_key        TEXT COLLATE "C" NOT NULL,
    phone            TEXT COLLATE "C" NOT NULL,
    role             TEXT COLLATE "C" NOT NULL,
    status           TEXT COLLATE "C" NOT NULL CHECK (status IN ('invited', 'active', 'deactivated')),
    method           TEXT COLLATE "C" NOT NULL CHECK (method IN ('app', 'email', 'text', 'off')),
    generation       BIGINT           NOT NULL,
    version          BIGINT           NOT NULL,
    password         BYTEA            NOT NULL,
    password_at      BIGINT           NOT NULL,
    setup_until      BIGINT           NOT NULL,
    factor_disabled  BOOLEAN          NOT NULL,
    enrolment_needed BOOLEAN          NOT NULL, -- a reset asks for an enrolment code
    wrong_run        BIGINT           NOT NULL CHECK (wrong_run >= 0),
    recovery_run     BIGINT           NOT NULL CHECK (recovery_run >= 0),
    wait_until       BIGINT           NOT NULL,
    email_changed_at BIGINT           NOT NULL,
    email_changed_by TEXT COLLATE "C" NOT NULL,
    created_at       BIGINT           NOT NULL,
    last_sign_in_at  BIGINT           NOT NULL,
    name_key         TEXT COLLATE "C" NOT NULL,
    search           TEXT COLLATE "C" NOT NULL
);

CREATE UNIQUE INDEX technician_user_name ON technician (user_name_key);
-- Two ASCII names may share a skeleton (modern, modem); a name with other letters shares it with nobody.
CREATE UNIQUE INDEX technician_skeleton_foreign ON technician (skeleton) WHERE NOT plain_name;
CREATE INDEX technician_skeleton ON technician (skeleton);
CREATE INDEX technician_email ON technician (email_key);
CREATE INDEX technician_name ON technician (name_key, id);
CREATE INDEX technician_role ON technician (role, name_key, id);
CREATE INDEX technician_status ON technician (status, name_key, id);
CREATE INDEX technician_method ON technician (method, name_key, id);
CREATE INDEX technician_last ON technician (last_sign_in_at, name_key, id);

CREATE TABLE factor (
    technician  TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES technician (id) ON DELETE CASCADE,
    kind        TEXT COLLATE "C" NOT NULL CHECK (kind IN ('app', 'email', 'text')),
    secret      BYTEA            NOT NULL,
    last_step   BIGINT           NOT NULL,
    step_offset BIGINT           NOT NULL,
    address     TEXT COLLATE "C" NOT NULL,
    proved_at   BIGINT           NOT NULL,
    used_at     BIGINT           NOT NULL
);

CREATE INDEX factor_kind ON factor (kind, technician);

CREATE TABLE recovery_code (
    technician TEXT COLLATE "C" NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    hash       BYTEA            NOT NULL,
    used_at    BIGINT           NOT NULL,
    PRIMARY KEY (technician, hash)
);

CREATE TABLE enrolment_code (
    technician TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES technician (id) ON DELETE CASCADE,
    generation BIGINT           NOT NULL,
    hash       BYTEA            NOT NULL,
    expires_at BIGINT           NOT NULL,
    issued_by  TEXT COLLATE "C" NOT NULL
);

CREATE TABLE wrong_day (
    technician TEXT COLLATE "C" NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    day        BIGINT           NOT NULL, -- days since 1970-01-01 UTC
    answers    BIGINT           NOT NULL CHECK (answers >= 0),
    PRIMARY KEY (technician, day)
);

CREATE INDEX wrong_day_day ON wrong_day (day);

CREATE TABLE sign_in (
    hash        BYTEA            NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    technician  TEXT COLLATE "C" REFERENCES technician (id) ON DELETE CASCADE, -- NULL for the first Super Admin's set-up
    generation  BIGINT           NOT NULL,
    purpose     TEXT COLLATE "C" NOT NULL,
    password    BOOLEAN          NOT NULL,
    opener      BOOLEAN          NOT NULL,
    enrolment   BOOLEAN          NOT NULL,
    recovery    BOOLEAN          NOT NULL,
    factor      BOOLEAN          NOT NULL,
    enrolled    BOOLEAN          NOT NULL,
    session     BYTEA            NOT NULL, -- the session that a step-up belongs to, empty where there is none
    pending     BYTEA            NOT NULL,
    pending_at  BIGINT           NOT NULL,
    hint_step   BIGINT           NOT NULL,
    hint_offset BIGINT           NOT NULL,
    wrong       BIGINT           NOT NULL,
    return_to   TEXT COLLATE "C" NOT NULL,
    address     TEXT COLLATE "C" NOT NULL,
    browser     TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT           NOT NULL,
    expires_at  BIGINT           NOT NULL
);

CREATE INDEX sign_in_technician ON sign_in (technician);
CREATE INDEX sign_in_session ON sign_in (session);
CREATE INDEX sign_in_expires ON sign_in (expires_at);

CREATE TABLE code (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sign_in    BYTEA            NOT NULL REFERENCES sign_in (hash) ON DELETE CASCADE ON UPDATE CASCADE,
    place      BIGINT           NOT NULL, -- 1, 2, … within the sign-in; the greatest is the newest
    technician TEXT COLLATE "C" NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    channel    TEXT COLLATE "C" NOT NULL,
    address    TEXT COLLATE "C" NOT NULL,
    hash       BYTEA            NOT NULL,
    attempts   BIGINT           NOT NULL CHECK (attempts BETWEEN 0 AND 3),
    state      TEXT COLLATE "C" NOT NULL CHECK (state IN ('sending', 'sent', 'failed', 'unclear')),
    detail     TEXT COLLATE "C" NOT NULL,
    dead       BOOLEAN          NOT NULL,
    created_at BIGINT           NOT NULL,
    expires_at BIGINT           NOT NULL
);

CREATE UNIQUE INDEX code_newest ON code (sign_in, place);
CREATE INDEX code_technician ON code (technician);

CREATE TABLE send (
    code       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    technician TEXT COLLATE "C" NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    address    TEXT COLLATE "C" NOT NULL,
    at         BIGINT           NOT NULL,
    succeeded  BOOLEAN          NOT NULL
);

CREATE INDEX send_technician ON send (technician, at);
CREATE INDEX send_address ON send (address, at);
CREATE INDEX send_at ON send (at);

CREATE TABLE session (
    hash       BYTEA            NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    technician TEXT COLLATE "C" NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    generation BIGINT           NOT NULL,
    method     TEXT COLLATE "C" NOT NULL,
    address    TEXT COLLATE "C" NOT NULL,
    browser    TEXT COLLATE "C" NOT NULL,
    created_at BIGINT           NOT NULL,
    used_at    BIGINT           NOT NULL,
    proved_at  BIGINT           NOT NULL,
    expires_at BIGINT           NOT NULL
);

CREATE INDEX session_technician ON session (technician, created_at, hash);
CREATE INDEX session_used ON session (used_at, hash);
CREATE INDEX session_expires ON session (expires_at);

CREATE TABLE ended_session (
    hash     BYTEA            NOT NULL PRIMARY KEY,
    reason   TEXT COLLATE "C" NOT NULL,
    ended_at BIGINT           NOT NULL
);

CREATE INDEX ended_session_at ON ended_session (ended_at);

CREATE TABLE device (
    hash       BYTEA            NOT NULL PRIMARY KEY,
    technician TEXT COLLATE "C" NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    seen_at    BIGINT           NOT NULL
);

CREATE INDEX device_technician ON device (technician);
CREATE INDEX device_seen ON device (seen_at);

CREATE TABLE link (
    hash       BYTEA            NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    kind       TEXT COLLATE "C" NOT NULL,
    technician TEXT COLLATE "C" REFERENCES technician (id) ON DELETE CASCADE, -- NULL for the first Super Admin's set-up
    generation BIGINT           NOT NULL,
    created_at BIGINT           NOT NULL,
    expires_at BIGINT           NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL
);

CREATE INDEX link_technician ON link (technician, kind, created_at);
CREATE INDEX link_expires ON link (expires_at);

CREATE TABLE password_reset (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    technician TEXT COLLATE "C" NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    generation BIGINT           NOT NULL,
    waiting    BOOLEAN          NOT NULL,
    address    TEXT COLLATE "C" NOT NULL,
    created_at BIGINT           NOT NULL,
    expires_at BIGINT           NOT NULL
);

CREATE INDEX password_reset_technician ON password_reset (technician);
CREATE INDEX password_reset_expires ON password_reset (expires_at);

CREATE TABLE reset_asked (
    id         BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    technician TEXT COLLATE "C" NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    at         BIGINT           NOT NULL
);

CREATE INDEX reset_asked_technician ON reset_asked (technician, at);
CREATE INDEX reset_asked_at ON reset_asked (at);

CREATE TABLE help_request (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number     TEXT COLLATE "C" NOT NULL,
    technician TEXT COLLATE "C" NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    note       TEXT COLLATE "C" NOT NULL,
    address    TEXT COLLATE "C" NOT NULL,
    browser    TEXT COLLATE "C" NOT NULL,
    created_at BIGINT           NOT NULL,
    done_at    BIGINT           NOT NULL,
    done_by    TEXT COLLATE "C" NOT NULL
);

CREATE INDEX help_request_technician ON help_request (technician, done_at);
CREATE INDEX help_request_open ON help_request (done_at, created_at);

CREATE TABLE notice (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    type       TEXT COLLATE "C" NOT NULL,
    text       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT           NOT NULL
);

CREATE TABLE notice_seen (
    notice     TEXT COLLATE "C" NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
    technician TEXT COLLATE "C" NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    at         BIGINT           NOT NULL,
    PRIMARY KEY (notice, technician)
);

CREATE INDEX notice_seen_technician ON notice_seen (technician);

CREATE TABLE guess (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    wrong      BIGINT           NOT NULL,
    wait_until BIGINT           NOT NULL,
    last_at    BIGINT           NOT NULL
);

CREATE INDEX guess_last ON guess (last_at);

CREATE TABLE setting (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE gateway (
    channel     TEXT COLLATE "C" NOT NULL CHECK (channel IN ('email', 'sms')),
    slot        TEXT COLLATE "C" NOT NULL CHECK (slot IN ('live', 'draft')),
    kind        TEXT COLLATE "C" NOT NULL,
    settings    TEXT COLLATE "C" NOT NULL, -- JSON object
    sealed      BYTEA            NOT NULL,
    secrets_set TEXT COLLATE "C" NOT NULL, -- JSON array of names
    version     BIGINT           NOT NULL,
    proved_at   BIGINT           NOT NULL,
    changed_at  BIGINT           NOT NULL,
    changed_by  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (channel, slot)
);

CREATE TABLE outbox (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    channel    TEXT COLLATE "C" NOT NULL CHECK (channel IN ('email', 'sms')),
    recipient  TEXT COLLATE "C" NOT NULL,
    sealed     BYTEA            NOT NULL, -- empty as soon as it is done
    attempts   BIGINT           NOT NULL,
    next_at    BIGINT           NOT NULL,
    expires_at BIGINT           NOT NULL,
    created_at BIGINT           NOT NULL,
    sent_at    BIGINT           NOT NULL,
    done_at    BIGINT           NOT NULL, -- sent or given up
    last_error TEXT COLLATE "C" NOT NULL,
    event      TEXT COLLATE "C" NOT NULL
);

CREATE INDEX outbox_due ON outbox (done_at, next_at, id);

CREATE TABLE event (
    id          BIGINT           GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at          BIGINT           NOT NULL,
    type        TEXT COLLATE "C" NOT NULL,
    actor_kind  TEXT COLLATE "C" NOT NULL,
    actor       TEXT COLLATE "C" NOT NULL,
    actor_name  TEXT COLLATE "C" NOT NULL,
    target      TEXT COLLATE "C" NOT NULL,
    target_name TEXT COLLATE "C" NOT NULL,
    old_values  TEXT COLLATE "C" NOT NULL, -- JSON object or empty
    new_values  TEXT COLLATE "C" NOT NULL,
    address     TEXT COLLATE "C" NOT NULL,
    browser     TEXT COLLATE "C" NOT NULL,
    request     TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    outcome     TEXT COLLATE "C" NOT NULL,
    search      TEXT COLLATE "C" NOT NULL
);

CREATE INDEX event_at ON event (at);
CREATE INDEX event_type ON event (type, id);
CREATE INDEX event_actor ON event (actor, id) WHERE actor <> '';
CREATE INDEX event_target ON event (target, id) WHERE target <> '';

CREATE TABLE meta (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BYTEA            NOT NULL
);
