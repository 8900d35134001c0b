-- What SQLite does not notice. A bit that flips in a row leaves the tree of pages as it was; a write-ahead
-- log that is deleted leaves a database that is sound, and short.
--
-- `seal` is a checksum of a row's other columns (all but `seq`), computed by sortie when it writes the row. Rows
-- from before have none: it would only say what they are now, and to seal a long history takes longer than
-- others wait for an opening. `sortie doctor` seals them once it found nothing wrong.

ALTER TABLE sessions ADD COLUMN seal INTEGER;
ALTER TABLE agent_executions ADD COLUMN seal INTEGER;
ALTER TABLE completion_versions ADD COLUMN seal INTEGER;
ALTER TABLE context_allocations ADD COLUMN seal INTEGER;
ALTER TABLE outputs ADD COLUMN seal INTEGER;
ALTER TABLE bundles ADD COLUMN seal INTEGER;
ALTER TABLE manifests ADD COLUMN seal INTEGER;
ALTER TABLE briefings ADD COLUMN seal INTEGER;
ALTER TABLE reports ADD COLUMN seal INTEGER;

-- How much was ever written here, one row. It only grows: pruning takes nothing of it. The file `-mark` beside
-- the database says the same a moment later, outside of the write-ahead log; so what is acknowledged and
-- gone is seen, and counted.
CREATE TABLE ledger (
  only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
  history_id  TEXT NOT NULL,
  writes      INTEGER NOT NULL,
  sessions    INTEGER NOT NULL,
  executions  INTEGER NOT NULL,
  completions INTEGER NOT NULL,
  outputs     INTEGER NOT NULL,
  reports     INTEGER NOT NULL,
  bundles     INTEGER NOT NULL,
  -- Writes that were found missing, until somebody was told and went on without them.
  missing     INTEGER NOT NULL,
  -- The day on which sortie last looked it over by itself.
  looked_on   TEXT
) STRICT;

INSERT INTO ledger
SELECT 1, lower(hex(randomblob(16))), 0, (SELECT count(*) FROM sessions),
       (SELECT count(*) FROM agent_executions),
       (SELECT count(*) FROM agent_executions WHERE status <> 'deployed'),
       (SELECT count(*) FROM outputs), (SELECT count(*) FROM reports), (SELECT count(*) FROM bundles), 0, NULL;

-- What was done for the database itself, in order: checks, backups, losses that were found.
CREATE TABLE care (
  seq    INTEGER PRIMARY KEY,
  at     TEXT NOT NULL,
  what   TEXT NOT NULL CHECK (what IN ('check', 'backup', 'restore', 'repair', 'loss')),
  detail TEXT NOT NULL
) STRICT;

CREATE INDEX care_by_what ON care (what, seq);
