-- +goose Up

-- The audit log's tree. An event gets its place from the sequencer, after its own transaction: leaf is -1 until then.
-- A mark is what the tree holds of the personal half of an event; an empty salt beside a mark says that it was erased.

ALTER TABLE event ADD COLUMN leaf BIGINT NOT NULL DEFAULT -1;
ALTER TABLE event ADD COLUMN actor_salt BYTEA NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN actor_mark BYTEA NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN target_salt BYTEA NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN target_mark BYTEA NOT NULL DEFAULT '';

CREATE UNIQUE INDEX event_leaf ON event (leaf) WHERE leaf >= 0;
CREATE INDEX event_unplaced ON event (id) WHERE leaf < 0;

-- place is the number of a stored hash as in RFC 6962 trees written in post-order.
CREATE TABLE audit_hash (
    place BIGINT NOT NULL PRIMARY KEY,
    hash  BYTEA NOT NULL
);

-- One row, from which the next append starts; none while the tree is empty, so that a fresh schema holds nothing.
CREATE TABLE audit_tree (
    id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    size   BIGINT NOT NULL,
    root   BYTEA NOT NULL,
    pruned BIGINT NOT NULL
);

CREATE TABLE audit_head (
    size BIGINT           NOT NULL PRIMARY KEY,
    at   BIGINT           NOT NULL,
    note TEXT COLLATE "C" NOT NULL
);

CREATE INDEX audit_head_at ON audit_head (at);

CREATE TABLE audit_sink (
    name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    next       BIGINT           NOT NULL,
    head_size  BIGINT           NOT NULL,
    sent_at    BIGINT           NOT NULL,
    holder     TEXT COLLATE "C" NOT NULL, -- the process that serves it now
    held_until BIGINT           NOT NULL
);
