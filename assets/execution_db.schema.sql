-- The schema as it stands, whole. Written by a test from assets/migrations.

CREATE TRIGGER executions_fts_delete AFTER DELETE ON agent_executions BEGIN
  INSERT INTO executions_fts (executions_fts, rowid, scope, error_message, final_message)
  VALUES ('delete', old.seq, old.scope, old.error_message, old.final_message);
END;

CREATE TRIGGER executions_fts_insert AFTER INSERT ON agent_executions BEGIN
  INSERT INTO executions_fts (rowid, scope, error_message, final_message)
  VALUES (new.seq, new.scope, new.error_message, new.final_message);
END;

CREATE TRIGGER executions_fts_update
AFTER UPDATE OF error_message, final_message ON agent_executions BEGIN
  INSERT INTO executions_fts (executions_fts, rowid, scope, error_message, final_message)
  VALUES ('delete', old.seq, old.scope, old.error_message, old.final_message);
  INSERT INTO executions_fts (rowid, scope, error_message, final_message)
  VALUES (new.seq, new.scope, new.error_message, new.final_message);
END;

CREATE TRIGGER outputs_fts_delete AFTER DELETE ON outputs BEGIN
  INSERT INTO outputs_fts (outputs_fts, rowid, subject) VALUES ('delete', old.seq, old.subject);
END;

CREATE TRIGGER outputs_fts_insert AFTER INSERT ON outputs BEGIN
  INSERT INTO outputs_fts (rowid, subject) VALUES (new.seq, new.subject);
END;

CREATE TRIGGER sessions_fts_delete AFTER DELETE ON sessions BEGIN
  INSERT INTO sessions_fts (sessions_fts, rowid, scope, error_message)
  VALUES ('delete', old.seq, old.scope, old.error_message);
END;

CREATE TRIGGER sessions_fts_insert AFTER INSERT ON sessions BEGIN
  INSERT INTO sessions_fts (rowid, scope, error_message)
  VALUES (new.seq, new.scope, new.error_message);
END;

CREATE TRIGGER sessions_fts_update AFTER UPDATE OF error_message ON sessions
WHEN old.error_message IS NOT new.error_message BEGIN
  INSERT INTO sessions_fts (sessions_fts, rowid, scope, error_message)
  VALUES ('delete', old.seq, old.scope, old.error_message);
  INSERT INTO sessions_fts (rowid, scope, error_message)
  VALUES (new.seq, new.scope, new.error_message);
END;

CREATE TABLE agent_executions (
  seq                  INTEGER PRIMARY KEY,
  execution_id         TEXT NOT NULL UNIQUE,
  session_id           TEXT NOT NULL REFERENCES sessions (session_id),
  agent_type           TEXT NOT NULL,
  deployed_at          TEXT NOT NULL,
  completed_at         TEXT,
  status               TEXT NOT NULL CHECK (status IN ('deployed', 'completed', 'failed')),
  scope                TEXT NOT NULL,
  phase                INTEGER NOT NULL CHECK (phase BETWEEN 1 AND 5),
  context_token_count  INTEGER NOT NULL,
  context_tokens_upper INTEGER NOT NULL,
  context_tokens_exact INTEGER NOT NULL CHECK (context_tokens_exact IN (0, 1)),
  context_budget       INTEGER,
  model                TEXT,
  bundle_id            TEXT REFERENCES bundles (bundle_id),
  briefing_hash        TEXT REFERENCES contents (content_hash),
  base_commit          TEXT,
  success              INTEGER CHECK (success IN (0, 1)),
  error_message        TEXT,
  deliverables         TEXT NOT NULL,
  final_message_bytes  INTEGER,
  final_message        TEXT
, seal INTEGER) STRICT;

CREATE TABLE briefings (
  seq           INTEGER PRIMARY KEY,
  bundle_id     TEXT NOT NULL REFERENCES bundles (bundle_id) ON DELETE CASCADE,
  briefing_hash TEXT NOT NULL REFERENCES contents (content_hash),
  template      TEXT NOT NULL,
  token_count   INTEGER NOT NULL,
  tokens_upper  INTEGER NOT NULL,
  created_at    TEXT NOT NULL, seal INTEGER,
  UNIQUE (bundle_id, briefing_hash)
) STRICT;

CREATE TABLE bundle_contents (
  bundle_id    TEXT NOT NULL REFERENCES bundles (bundle_id) ON DELETE CASCADE,
  content_hash TEXT NOT NULL REFERENCES contents (content_hash),
  PRIMARY KEY (bundle_id, content_hash)
) STRICT;

CREATE TABLE bundles (
  seq          INTEGER PRIMARY KEY,
  bundle_id    TEXT NOT NULL UNIQUE,
  bundle_hash  TEXT NOT NULL,
  created_at   TEXT NOT NULL,
  agent_type   TEXT NOT NULL,
  scope        TEXT NOT NULL,
  total_tokens INTEGER NOT NULL,
  tokens_exact INTEGER NOT NULL CHECK (tokens_exact IN (0, 1)), seal INTEGER) STRICT;

CREATE TABLE capture_contents (
  capture      INTEGER NOT NULL REFERENCES captures (seq) ON DELETE CASCADE,
  content_hash TEXT NOT NULL REFERENCES contents (content_hash),
  PRIMARY KEY (capture, content_hash)
) STRICT;

CREATE TABLE captures (
  seq                INTEGER PRIMARY KEY,
  harness            TEXT NOT NULL,
  harness_session_id TEXT NOT NULL,
  tool_use_id        TEXT,
  agent_id           TEXT,
  -- The agent whose call spawned this one; none where the session itself did.
  parent_agent_id    TEXT,
  -- None while what is known makes no deployment.
  execution_id       TEXT REFERENCES agent_executions (execution_id) ON DELETE CASCADE,
  -- The completion as capture last wrote it; another on record is somebody's own, and stays.
  settled            TEXT,
  seen_at            TEXT NOT NULL,
  evidence           TEXT NOT NULL,
  seal               INTEGER
) STRICT;

CREATE TABLE care (
  seq    INTEGER PRIMARY KEY,
  at     TEXT NOT NULL,
  what   TEXT NOT NULL CHECK (what IN ('check', 'backup', 'restore', 'repair', 'loss')),
  detail TEXT NOT NULL
) STRICT;

CREATE TABLE completion_versions (
  execution_id  TEXT NOT NULL REFERENCES agent_executions (execution_id) ON DELETE CASCADE,
  version       INTEGER NOT NULL,
  replaced_at   TEXT NOT NULL,
  completed_at  TEXT NOT NULL,
  status        TEXT NOT NULL CHECK (status IN ('completed', 'failed')),
  error_message TEXT,
  deliverables  TEXT NOT NULL,
  final_message TEXT, seal INTEGER,
  PRIMARY KEY (execution_id, version)
) STRICT;

CREATE TABLE contents (
  content_hash TEXT PRIMARY KEY NOT NULL,
  bytes        INTEGER NOT NULL,
  codec        TEXT NOT NULL CHECK (codec IN ('plain', 'zstd')),
  data         BLOB NOT NULL
) STRICT;

CREATE TABLE context_allocations (
  allocation_id          TEXT PRIMARY KEY NOT NULL,
  execution_id           TEXT NOT NULL REFERENCES agent_executions (execution_id) ON DELETE CASCADE,
  position               INTEGER NOT NULL,
  context_type           TEXT NOT NULL
                         CHECK (context_type IN ('file', 'briefing', 'reference', 'shared_context')),
  context_source         TEXT NOT NULL,
  token_count            INTEGER NOT NULL,
  included_in_deployment INTEGER NOT NULL CHECK (included_in_deployment IN (0, 1)),
  priority               TEXT NOT NULL CHECK (priority IN ('required', 'recommended', 'optional')),
  content_hash           TEXT
, seal INTEGER) STRICT;

CREATE VIRTUAL TABLE executions_fts USING fts5 (
  scope, error_message, final_message, content = 'agent_executions', content_rowid = 'seq',
  tokenize = 'porter unicode61 remove_diacritics 2'
);

CREATE TABLE forgotten_sessions (
  harness            TEXT NOT NULL,
  harness_session_id TEXT NOT NULL,
  forgotten_at       TEXT NOT NULL,
  PRIMARY KEY (harness, harness_session_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE harness_sessions (
  harness            TEXT NOT NULL,
  harness_session_id TEXT NOT NULL,
  session_id         TEXT REFERENCES sessions (session_id) ON DELETE CASCADE,
  -- When it was last left; it may be taken up again.
  ended_at           TEXT,
  PRIMARY KEY (harness, harness_session_id)
) STRICT;

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

CREATE TABLE manifests (
  bundle_id        TEXT PRIMARY KEY NOT NULL REFERENCES bundles (bundle_id) ON DELETE CASCADE,
  shared_bundle_id TEXT,
  manifest         TEXT NOT NULL
, seal INTEGER) STRICT;

CREATE TABLE outputs (
  seq          INTEGER PRIMARY KEY,
  output_id    TEXT NOT NULL UNIQUE,
  execution_id TEXT NOT NULL REFERENCES agent_executions (execution_id) ON DELETE CASCADE,
  output_type  TEXT NOT NULL
               CHECK (output_type IN ('deliverable', 'validation_result', 'insight', 'error')),
  content      TEXT NOT NULL,
  created_at   TEXT NOT NULL,
  metadata     TEXT NOT NULL
, subject TEXT NOT NULL DEFAULT '', seal INTEGER) STRICT;

CREATE VIRTUAL TABLE outputs_fts USING fts5 (
  subject, content = 'outputs', content_rowid = 'seq',
  tokenize = 'porter unicode61 remove_diacritics 2'
);

CREATE TABLE reports (
  seq          INTEGER PRIMARY KEY,
  report_id    TEXT NOT NULL UNIQUE,
  session_id   TEXT REFERENCES sessions (session_id),
  created_at   TEXT NOT NULL,
  template     TEXT NOT NULL,
  bytes        INTEGER NOT NULL,
  content_hash TEXT NOT NULL REFERENCES contents (content_hash)
, seal INTEGER) STRICT;

CREATE TABLE sessions (
  seq           INTEGER PRIMARY KEY,
  session_id    TEXT NOT NULL UNIQUE,
  created_at    TEXT NOT NULL,
  scope         TEXT NOT NULL,
  phase         INTEGER NOT NULL CHECK (phase BETWEEN 1 AND 5),
  status        TEXT NOT NULL CHECK (status IN ('planning', 'executing', 'completed', 'failed')),
  ended_at      TEXT,
  error_message TEXT,
  metadata      TEXT NOT NULL
, seal INTEGER) STRICT;

CREATE VIRTUAL TABLE sessions_fts USING fts5 (
  scope, error_message, content = 'sessions', content_rowid = 'seq',
  tokenize = 'porter unicode61 remove_diacritics 2'
);

CREATE TABLE transcripts (
  path        TEXT PRIMARY KEY NOT NULL,
  bytes       INTEGER NOT NULL,
  modified    INTEGER NOT NULL,
  -- To the end of the last whole line.
  read_to     INTEGER NOT NULL,
  read_at     TEXT NOT NULL
) STRICT;

CREATE TABLE usages (
  execution_id          TEXT PRIMARY KEY NOT NULL
                        REFERENCES agent_executions (execution_id) ON DELETE CASCADE,
  -- Requests to the model.
  requests              INTEGER NOT NULL,
  input_tokens          INTEGER NOT NULL,
  output_tokens         INTEGER NOT NULL,
  cache_read_tokens     INTEGER NOT NULL,
  -- Written to the cache for five minutes, and for an hour.
  cache_write_tokens    INTEGER NOT NULL,
  cache_write_1h_tokens INTEGER NOT NULL,
  -- What the harness said the agent used: of its last request alone, mostly.
  reported_tokens       INTEGER,
  tool_uses             INTEGER,
  duration_ms           INTEGER,
  -- The model that answered.
  model                 TEXT,
  seal                  INTEGER
) STRICT;

CREATE INDEX allocations_by_execution ON context_allocations (execution_id, position);

CREATE INDEX allocations_by_source ON context_allocations (context_source, execution_id);

CREATE INDEX briefings_by_content ON briefings (briefing_hash);

CREATE INDEX bundle_contents_by_content ON bundle_contents (content_hash);

CREATE INDEX bundles_by_time ON bundles (created_at);

CREATE INDEX capture_contents_by_content ON capture_contents (content_hash);

CREATE UNIQUE INDEX captures_by_agent ON captures (harness, harness_session_id, agent_id)
  WHERE agent_id IS NOT NULL;

CREATE UNIQUE INDEX captures_by_call ON captures (harness, harness_session_id, tool_use_id)
  WHERE tool_use_id IS NOT NULL;

CREATE INDEX captures_by_execution ON captures (execution_id);

CREATE INDEX care_by_what ON care (what, seq);

CREATE INDEX executions_by_agent   ON agent_executions (agent_type, deployed_at);

CREATE INDEX executions_by_briefing ON agent_executions (briefing_hash);

CREATE INDEX executions_by_bundle ON agent_executions (bundle_id);

CREATE INDEX executions_by_model   ON agent_executions (model, deployed_at);

CREATE INDEX executions_by_session ON agent_executions (session_id, deployed_at);

CREATE INDEX executions_by_status  ON agent_executions (status, deployed_at);

CREATE INDEX executions_by_time    ON agent_executions (deployed_at);

CREATE INDEX harness_sessions_by_session ON harness_sessions (session_id);

CREATE INDEX outputs_by_execution ON outputs (execution_id, created_at);

CREATE INDEX outputs_by_subject ON outputs (output_type, subject, created_at);

CREATE INDEX outputs_by_time      ON outputs (created_at);

CREATE INDEX outputs_by_type ON outputs (output_type, created_at);

CREATE INDEX reports_by_content ON reports (content_hash);

CREATE INDEX reports_by_session ON reports (session_id, created_at);

CREATE INDEX sessions_by_status ON sessions (status, created_at);

CREATE INDEX sessions_by_time ON sessions (created_at);
