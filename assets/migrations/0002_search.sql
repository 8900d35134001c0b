-- What a question looks for is a column, and texts can be searched.

-- What an output is a state of: a file's path, a gate's name, an insight's or an error's text.
ALTER TABLE outputs ADD COLUMN subject TEXT NOT NULL DEFAULT '';
UPDATE outputs SET subject = coalesce(
  json_extract(content, CASE output_type
    WHEN 'deliverable' THEN '$.file_path'
    WHEN 'validation_result' THEN '$.name'
    ELSE '$.text'
  END), '');
CREATE INDEX outputs_by_subject ON outputs (output_type, subject, created_at);

-- Which deployments got a source, and how it went with them.
CREATE INDEX allocations_by_source ON context_allocations (context_source, execution_id);

-- Who refers to a content or a bundle: without these, letting one go looks at every row.
CREATE INDEX bundle_contents_by_content ON bundle_contents (content_hash);
CREATE INDEX briefings_by_content ON briefings (briefing_hash);
CREATE INDEX reports_by_content ON reports (content_hash);
CREATE INDEX executions_by_briefing ON agent_executions (briefing_hash);
CREATE INDEX executions_by_bundle ON agent_executions (bundle_id);

-- Full text over what people and agents wrote. The texts stand in their own tables alone; triggers
-- keep the index equal to them, in the same transaction.
CREATE VIRTUAL TABLE sessions_fts USING fts5 (
  scope, error_message, content = 'sessions', content_rowid = 'seq',
  tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER sessions_fts_insert AFTER INSERT ON sessions BEGIN
  INSERT INTO sessions_fts (rowid, scope, error_message)
  VALUES (new.seq, new.scope, new.error_message);
END;
CREATE TRIGGER sessions_fts_delete AFTER DELETE ON sessions BEGIN
  INSERT INTO sessions_fts (sessions_fts, rowid, scope, error_message)
  VALUES ('delete', old.seq, old.scope, old.error_message);
END;
CREATE TRIGGER sessions_fts_update AFTER UPDATE OF error_message ON sessions
WHEN old.error_message IS NOT new.error_message BEGIN
  INSERT INTO sessions_fts (sessions_fts, rowid, scope, error_message)
  VALUES ('delete', old.seq, old.scope, old.error_message);
  INSERT INTO sessions_fts (rowid, scope, error_message)
  VALUES (new.seq, new.scope, new.error_message);
END;

CREATE VIRTUAL TABLE executions_fts USING fts5 (
  scope, error_message, final_message, content = 'agent_executions', content_rowid = 'seq',
  tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER executions_fts_insert AFTER INSERT ON agent_executions BEGIN
  INSERT INTO executions_fts (rowid, scope, error_message, final_message)
  VALUES (new.seq, new.scope, new.error_message, new.final_message);
END;
CREATE TRIGGER executions_fts_delete AFTER DELETE ON agent_executions BEGIN
  INSERT INTO executions_fts (executions_fts, rowid, scope, error_message, final_message)
  VALUES ('delete', old.seq, old.scope, old.error_message, old.final_message);
END;
CREATE TRIGGER executions_fts_update
AFTER UPDATE OF error_message, final_message ON agent_executions BEGIN
  INSERT INTO executions_fts (executions_fts, rowid, scope, error_message, final_message)
  VALUES ('delete', old.seq, old.scope, old.error_message, old.final_message);
  INSERT INTO executions_fts (rowid, scope, error_message, final_message)
  VALUES (new.seq, new.scope, new.error_message, new.final_message);
END;

CREATE VIRTUAL TABLE outputs_fts USING fts5 (
  subject, content = 'outputs', content_rowid = 'seq',
  tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER outputs_fts_insert AFTER INSERT ON outputs BEGIN
  INSERT INTO outputs_fts (rowid, subject) VALUES (new.seq, new.subject);
END;
CREATE TRIGGER outputs_fts_delete AFTER DELETE ON outputs BEGIN
  INSERT INTO outputs_fts (outputs_fts, rowid, subject) VALUES ('delete', old.seq, old.subject);
END;

INSERT INTO sessions_fts (sessions_fts) VALUES ('rebuild');
INSERT INTO executions_fts (executions_fts) VALUES ('rebuild');
INSERT INTO outputs_fts (outputs_fts) VALUES ('rebuild');
