-- +goose Up

-- A row that changes at a sign-in finds room for its new version on its own page, also where a team was brought in at
-- once and filled the pages: most of its indexes need not be told then.
ALTER TABLE technician SET (fillfactor = 85, vacuum_truncate = false);
ALTER TABLE factor SET (fillfactor = 85, vacuum_truncate = false);

-- Vacuum leaves empty pages at the end of a table to the rows that will come. To give them back it takes the table from
-- everybody, session checks among them, until the disk has done it.
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
ALTER TABLE outbox SET (vacuum_truncate = false);
