-- +goose Up

-- A row that changes at a sign-in finds room for its new version on its own page, also where a team was brought in at
-- once: most of its indexes need not be told then. Pages that are full already stay so until their table is rewritten.
ALTER TABLE technician SET (fillfactor = 85, vacuum_truncate = false);
ALTER TABLE factor SET (fillfactor = 85, vacuum_truncate = false);

-- Vacuum leaves empty pages at the end of a table to the rows that will come. While it cuts them off, it holds everybody,
-- session checks among them, until the disk has done it.
ALTER TABLE session SET (vacuum_truncate = false);
ALTER TABLE ended_session SET (vacuum_truncate = false);
ALTER TABLE sign_in SET (vacuum_truncate = false);
ALTER TABLE code SET (vacuum_truncate = false);
ALTER TABLE send SET (vacuum_truncate = false);
ALTER TABLE guess SET (vacuum_truncate = false);
ALTER TABLE wrong_day SET (vacuum_truncate = false);
ALTER TABLE bucket SET (vacuum_truncate = false);
ALTER TABLE kept SET (vacuum_truncate = false);
ALTER TABLE device SET (vacuum_truncate = false);
ALTER TABLE link SET (vacuum_truncate = false);
ALTER TABLE password_reset SET (vacuum_truncate = false);
ALTER TABLE reset_asked SET (vacuum_truncate = false);
ALTER TABLE recovery_code SET (vacuum_truncate = false);
ALTER TABLE enrolment_code SET (vacuum_truncate = false);
ALTER TABLE help_request SET (vacuum_truncate = false);
ALTER TABLE outbox SET (vacuum_truncate = false);
ALTER TABLE event SET (vacuum_truncate = false);
ALTER TABLE audit_hash SET (vacuum_truncate = false);
ALTER TABLE audit_tree SET (vacuum_truncate = false);
ALTER TABLE audit_head SET (vacuum_truncate = false);
ALTER TABLE audit_sink SET (vacuum_truncate = false);
ALTER TABLE node SET (vacuum_truncate = false);
ALTER TABLE setting SET (vacuum_truncate = false);
ALTER TABLE gateway SET (vacuum_truncate = false);
ALTER TABLE notice SET (vacuum_truncate = false);
ALTER TABLE notice_seen SET (vacuum_truncate = false);
ALTER TABLE meta SET (vacuum_truncate = false);
