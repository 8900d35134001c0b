-- What was pruned stays in a harness's transcripts. It is not to come back when one is read again.

-- Harnesses' sessions of which deployments were pruned, and when: older ones are not taken in again.
CREATE TABLE forgotten_sessions (
  harness            TEXT NOT NULL,
  harness_session_id TEXT NOT NULL,
  forgotten_at       TEXT NOT NULL,
  PRIMARY KEY (harness, harness_session_id)
) STRICT, WITHOUT ROWID;
