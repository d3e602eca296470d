-- +goose Up

-- What a page keeps for one administrator for a while: a choice, an answer to be shown once. Sealed.
CREATE TABLE kept (
    id         TEXT    NOT NULL PRIMARY KEY,
    owner      TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    sealed     BLOB    NOT NULL,
    claimed    INTEGER NOT NULL CHECK (claimed IN (0, 1)),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX kept_owner ON kept (owner);
CREATE INDEX kept_expires ON kept (expires_at);
