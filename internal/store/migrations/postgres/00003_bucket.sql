-- +goose Up

-- Throttles: so many at once, then one every so often. empty_at is when the bucket will be empty again; a row whose time
-- has come says nothing any more.
CREATE TABLE bucket (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    empty_at BIGINT           NOT NULL
);

CREATE INDEX bucket_empty ON bucket (empty_at);
