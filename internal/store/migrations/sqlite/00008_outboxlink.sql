-- +goose Up

-- A message that carries a one-use link is withdrawn when the link ends before it was sent.
ALTER TABLE outbox ADD COLUMN link BLOB NOT NULL DEFAULT x''; -- the link's hash, empty where there is none

CREATE INDEX outbox_link ON outbox (link);
