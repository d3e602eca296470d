-- +goose Up

-- The servers that share the database: who lives, and which keys each holds.
CREATE TABLE node (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seen_at BIGINT           NOT NULL,
    keys    TEXT COLLATE "C" NOT NULL, -- ids, with a space between
    sealing TEXT COLLATE "C" NOT NULL  -- id of the key that it seals with
);
