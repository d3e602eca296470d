-- +goose Up

-- The servers that share the database: who lives, and which keys each holds. On SQLite there is one server, and no row.
CREATE TABLE node (
    id      TEXT    NOT NULL PRIMARY KEY,
    seen_at INTEGER NOT NULL,
    keys    TEXT    NOT NULL, -- ids, with a space between
    sealing TEXT    NOT NULL  -- id of the key that it seals with
) STRICT, WITHOUT ROWID;
