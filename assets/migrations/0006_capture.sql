-- Capture: what harnesses tell of the agents they run, by hooks and in transcripts.
--
-- A harness names a deployment twice: by the call that spawns it (`tool_use_id`) and by the agent that runs
-- (`agent_id`). Events name one or the other, come in any order, twice or never; so what is known of a
-- deployment is put together in `evidence` (JSON), and its execution follows from that. Two rows become one
-- when an event names both.

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

CREATE UNIQUE INDEX captures_by_call ON captures (harness, harness_session_id, tool_use_id)
  WHERE tool_use_id IS NOT NULL;
CREATE UNIQUE INDEX captures_by_agent ON captures (harness, harness_session_id, agent_id)
  WHERE agent_id IS NOT NULL;
CREATE INDEX captures_by_execution ON captures (execution_id);

-- The texts that evidence names: prompts, and messages as each source had them.
CREATE TABLE capture_contents (
  capture      INTEGER NOT NULL REFERENCES captures (seq) ON DELETE CASCADE,
  content_hash TEXT NOT NULL REFERENCES contents (content_hash),
  PRIMARY KEY (capture, content_hash)
) STRICT;
CREATE INDEX capture_contents_by_content ON capture_contents (content_hash);

-- A harness's sessions, and the session here that each is, once something was deployed in it.
CREATE TABLE harness_sessions (
  harness            TEXT NOT NULL,
  harness_session_id TEXT NOT NULL,
  session_id         TEXT REFERENCES sessions (session_id) ON DELETE CASCADE,
  -- When it was last left; it may be taken up again.
  ended_at           TEXT,
  PRIMARY KEY (harness, harness_session_id)
) STRICT;

CREATE INDEX harness_sessions_by_session ON harness_sessions (session_id);

-- What an execution used, in tokens as they are billed.
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

-- How far each transcript was read.
CREATE TABLE transcripts (
  path        TEXT PRIMARY KEY NOT NULL,
  bytes       INTEGER NOT NULL,
  modified    INTEGER NOT NULL,
  -- To the end of the last whole line.
  read_to     INTEGER NOT NULL,
  read_at     TEXT NOT NULL
) STRICT;
