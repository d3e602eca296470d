-- +goose Up

-- Throttles: so many at once, then one every so often. empty_at is when the bucket will be empty again; a row whose time
-- has come says nothing any more.
CREATE TABLE bucket (
    id       TEXT    NOT NULL PRIMARY KEY,
    empty_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX bucket_empty ON bucket (empty_at);
