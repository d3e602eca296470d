-- +goose Up

-- What a page keeps for one administrator for a while: a choice, an answer to be shown once. Sealed.
CREATE TABLE kept (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner      TEXT COLLATE "C" NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    sealed     BYTEA            NOT NULL,
    claimed    BOOLEAN          NOT NULL,
    expires_at BIGINT           NOT NULL
);

CREATE INDEX kept_owner ON kept (owner);
CREATE INDEX kept_expires ON kept (expires_at);
