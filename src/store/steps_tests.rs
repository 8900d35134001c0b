//! Questions take as many steps on a long history as on a short one: a count, never a time.

#![allow(unsafe_code)]

use super::{
    ExecutionFilter, Hit, OutputFilter, Property, Reader, SearchFilter, SessionFilter, StatsFilter,
    Store, Words,
};
use crate::error::Result;
use crate::model::{ExecutionId, ExecutionStatus, OutputId, OutputType, SessionId, SessionStatus};
use rusqlite::{Connection, ffi};
use std::collections::BTreeSet;
use std::ffi::{c_int, c_void};

/// Executions of the two histories; in sessions of fifty.
const SHORT: u32 = 3_000;
const LONG: u32 = 12_000;

/// What a deeper tree and another search in it may add.
const SLACK: u64 = 400;

const ROWS: &str = "
    CREATE TEMP TABLE n AS
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ROWS) SELECT i FROM n;
    INSERT INTO sessions (session_id, created_at, scope, phase, status, ended_at, metadata)
      SELECT printf('s-%06d', i / 50), strftime('%Y-%m-%dT%H:%M:%fZ', 1.7e9 + i * 60, 'unixepoch'),
             iif(i % 500 = 0, 'Nightly care', 'Session ' || i), 3,
             iif(i % 1000 = 0, 'failed', 'completed'), NULL, '{}'
      FROM n WHERE i % 50 = 0;
    INSERT INTO sessions (session_id, created_at, scope, phase, status, metadata)
      VALUES ('s-000000', '2020-01-01T00:00:00.000Z', 'First', 3, 'executing', '{}');
    INSERT INTO agent_executions (execution_id, session_id, agent_type, deployed_at, completed_at,
        status, scope, phase, context_token_count, context_tokens_upper, context_tokens_exact, model,
        success, deliverables, final_message_bytes, final_message)
      SELECT printf('e-%06d', i), printf('s-%06d', i / 50), 'agent' || (i % 7),
             strftime('%Y-%m-%dT%H:%M:%fZ', 1.7e9 + i * 60, 'unixepoch'),
             iif(i > ROWS - 100, NULL, strftime('%Y-%m-%dT%H:%M:%fZ', 1.7e9 + i * 60 + 9, 'unixepoch')),
             iif(i > ROWS - 100, 'deployed', iif(i % 5 = 0, 'failed', 'completed')),
             'Do thing ' || (i % 9), 3, 1000, 1000, 1, iif(i <= 40, 'seldom', 'model' || (i % 3)), i % 5 <> 0, '[]', 20,
             'The index of run ' || i
      FROM n;
    INSERT INTO usages (execution_id, requests, input_tokens, output_tokens, cache_read_tokens,
        cache_write_tokens, cache_write_1h_tokens, reported_tokens, model)
      SELECT printf('e-%06d', i), 3, i, 10, 1000, 100, 0, iif(i % 4, 500, NULL), 'model' || (i % 3)
      FROM n WHERE i % 2;
    INSERT INTO outputs (output_id, execution_id, output_type, content, created_at, metadata, subject)
      SELECT printf('o-%06d', i), printf('e-%06d', i),
             iif(i = 7, 'error', iif(i % 2, 'deliverable', 'validation_result')),
             iif(i = 7, '{\"text\":\"odd\"}', iif(i % 2, '{\"file_path\":\"f' || (i / 8) || '\"}',
                 '{\"name\":\"tests\",\"result\":\"pass\"}')),
             strftime('%Y-%m-%dT%H:%M:%fZ', 1.7e9 + i * 60 + 9, 'unixepoch'), '{\"agent_type\":\"a\"}',
             iif(i = 7, 'odd', iif(i % 2, 'f' || (i / 8), 'tests'))
      FROM n;
    DROP TABLE n;";

fn history(rows: u32) -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::at(dir.path().join("history.db"));
    let sql = ROWS.replace("ROWS", &rows.to_string());
    store.write(|w| Ok(w.0.execute_batch(&sql)?)).unwrap();
    (dir, store)
}

unsafe extern "C" fn step(count: *mut c_void) -> c_int {
    unsafe { *count.cast::<u64>() += 1 };
    0
}

/// The steps of SQLite's machine that `question` takes.
fn steps(conn: &Connection, question: impl FnOnce()) -> u64 {
    let mut count = 0u64;
    let to = (&raw mut count).cast::<c_void>();
    unsafe { ffi::sqlite3_progress_handler(conn.handle(), 1, Some(step), to) };
    question();
    unsafe { ffi::sqlite3_progress_handler(conn.handle(), 0, None, std::ptr::null_mut()) };
    count
}

type Question = (&'static str, fn(&Reader<'_>) -> Result<()>);

fn id<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn executions(r: &Reader<'_>, filter: ExecutionFilter) -> Result<()> {
    let found = r.executions(&ExecutionFilter { limit: 20, ..filter })?;
    assert!(!found.is_empty());
    Ok(())
}

fn outputs(r: &Reader<'_>, filter: OutputFilter) -> Result<()> {
    let found = r.outputs(&OutputFilter { limit: 20, ..filter })?;
    assert!(!found.is_empty());
    Ok(())
}

fn search(r: &Reader<'_>, term: &str, filter: SearchFilter) -> Result<()> {
    let terms = [term.to_owned()];
    let words = Words { terms: &terms, any: false };
    assert!(!r.search(words, &SearchFilter { limit: 20, ..filter })?.is_empty());
    Ok(())
}

const QUESTIONS: &[Question] = &[
    ("executions", |r| executions(r, ExecutionFilter::default())),
    ("executions of an agent", |r| {
        let agent_type = Some("agent3".to_owned());
        executions(r, ExecutionFilter { agent_type, ..Default::default() })
    }),
    ("executions of an agent in a state", |r| {
        let agent_type = Some("agent3".to_owned());
        let status = Some(ExecutionStatus::Failed);
        executions(r, ExecutionFilter { agent_type, status, ..Default::default() })
    }),
    ("open executions of an agent", |r| {
        let agent_type = Some("agent3".to_owned());
        let status = Some(ExecutionStatus::Deployed);
        executions(r, ExecutionFilter { agent_type, status, limit: 0, ..Default::default() })
    }),
    ("executions of a session in a state", |r| {
        let status = Some(ExecutionStatus::Completed);
        executions(r, ExecutionFilter { session_id: id("s-000003"), status, ..Default::default() })
    }),
    ("executions behind another", |r| {
        executions(r, ExecutionFilter { after: id("e-001500"), ..Default::default() })
    }),
    ("executions before a day", |r| {
        let until = id("2023-11-15T10:00:00Z");
        executions(r, ExecutionFilter { until, ..Default::default() })
    }),
    ("the latest execution", |r| r.find::<ExecutionId>("latest").map(|_| ())),
    ("the beginning of an id", |r| {
        r.find::<ExecutionId>("e-00150").unwrap_err();
        r.find::<SessionId>("s-00003").unwrap_err();
        Ok(())
    }),
    ("no id", |r| {
        r.find::<OutputId>("nothing").unwrap_err();
        Ok(())
    }),
    ("sessions in a state", |r| {
        let status = Some(SessionStatus::Executing);
        assert_eq!(
            r.sessions(&SessionFilter { status, limit: 20, ..Default::default() })?.len(),
            1
        );
        Ok(())
    }),
    ("the session before", |r| {
        let session = r.session(&"s-000050".parse()?)?.unwrap();
        assert_eq!(session.scope, "Nightly care");
        assert!(r.session_before(&session, 1)?.is_none());
        Ok(())
    }),
    ("outputs", |r| outputs(r, OutputFilter::default())),
    ("outputs of a type", |r| {
        let output_type = Some(OutputType::Error);
        outputs(r, OutputFilter { output_type, ..Default::default() })
    }),
    ("outputs of a session", |r| {
        outputs(r, OutputFilter { session_id: id("s-000003"), ..Default::default() })
    }),
    ("outputs of a session, of a type", |r| {
        let output_type = Some(OutputType::Deliverable);
        outputs(r, OutputFilter { session_id: id("s-000003"), output_type, ..Default::default() })
    }),
    ("outputs of an execution, of a type", |r| {
        let output_type = Some(OutputType::ValidationResult);
        let execution_id = id("e-000300");
        outputs(r, OutputFilter { execution_id, output_type, ..Default::default() })
    }),
    ("states of a file", |r| {
        assert_eq!(r.states(OutputType::Deliverable, "f100")?.len(), 4);
        assert!(r.latest_subjects(OutputType::Deliverable, 100)?.len() > 10);
        Ok(())
    }),
    ("search for what all have", |r| search(r, "\"index\"*", SearchFilter::default())),
    ("search for what one has", |r| search(r, "\"1234\"*", SearchFilter::default())),
    ("search in a session", |r| {
        let session_id = id("s-000003");
        search(r, "\"index\"*", SearchFilter { session_id, ..Default::default() })
    }),
    ("search among an agent's", |r| {
        let agent_type = Some("agent3".to_owned());
        search(r, "\"index\"*", SearchFilter { agent_type, ..Default::default() })
    }),
    ("search among few, long ago", |r| {
        let model = Some("seldom".to_owned());
        let status = Some(ExecutionStatus::Failed);
        search(r, "\"index\"*", SearchFilter { model, status, ..Default::default() })
    }),
    ("figures of a session", |r| {
        let filter = StatsFilter { session_id: id("s-000003"), ..Default::default() };
        let tallies = r.tallies(Property::AgentType, &filter)?;
        assert_eq!(tallies.len(), 7);
        let known = tallies.values().flat_map(|it| &it.used).map(|it| it.known).sum::<u64>();
        assert_eq!(known, 25);
        r.sources(&filter)?;
        r.contexts(&filter).map(|_| ())
    }),
];

#[test]
fn no_question_goes_through_a_history() {
    let (short, long) = (history(SHORT), history(LONG));
    let taken = |store: &Store, question: fn(&Reader<'_>) -> Result<()>| {
        let mut count = 0;
        store
            .read(|r| {
                count = steps(r.0, || question(r).unwrap());
                Ok(())
            })
            .unwrap();
        count
    };
    for (name, question) in QUESTIONS {
        let (few, many) = (taken(&short.1, *question), taken(&long.1, *question));
        assert!(many <= few * 5 / 4 + SLACK, "{name}: {few} steps of {SHORT}, {many} of {LONG}");
    }
}

#[test]
fn what_is_sought_among_few_is_what_is_sought_among_all() {
    let (_dir, store) = history(SHORT);
    let found = |limit| {
        let terms = ["\"index\"*".to_owned()];
        let model = Some("seldom".to_owned());
        let filter = SearchFilter { model, limit, ..Default::default() };
        let hits = store.read(|r| r.search(Words { terms: &terms, any: false }, &filter)).unwrap();
        let hit = |hit: Hit| (hit.execution_id, hit.output_id, hit.rank.to_bits());
        hits.into_iter().map(hit).collect::<BTreeSet<_>>()
    };
    let all = found(0);
    assert_eq!(all.len(), 40);
    assert_eq!(found(100), all);
    assert!(found(20).is_subset(&all) && found(20).len() == 21);
}
