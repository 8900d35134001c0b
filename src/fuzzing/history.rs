//! What a history is read from: exports, searches, and the pages of its database.

use super::{Target, done, ended};
use crate::Workspace;
use crate::history::{
    Chosen, Completion, ExecutionFilter, Line, NewSession, SearchFilter, SessionFilter, Source,
    StatsBy, StatsFilter,
};
use crate::model::{AgentType, CompletionStatus, ExecutionId, SessionId};
use crate::outputs::{Collection, OutputFilter};
use crate::session::{Handover, Session};
use crate::store::{PageRequest, Store};
use crate::workspace::Options;
use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub const LINES: Target = Target {
    name: "lines",
    seeds: &[
        r#"{"record":"head","format":1,"sortie":"0.1.0","schema":4,"exported_at":"2025-01-17T09:30:00Z"}"#,
        r#"{"record":"session","seq":1,"session_id":"s-1","created_at":"2025-01-17T09:30:00Z","scope":"s","phase":1,"status":"planning","metadata":{}}"#,
        r#"{"record":"content","content_hash":"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262","text":""}"#,
        r#"{"record":"briefing","seq":1,"bundle_id":"b","briefing_hash":"h","template":"t","token_count":1,"tokens_upper":1,"created_at":"2025-01-17T09:30:00Z"}"#,
        r#"{"record":"end","sessions":1,"executions":0,"bundles":0,"briefings":0,"outputs":0,"reports":0,"contents":0}"#,
    ],
    words: LINE_WORDS,
    run: lines,
};

const LINE_WORDS: &[&str] = &[
    "\"record\":",
    "\"session\"",
    "\"execution\"",
    "\"bundle\"",
    "\"output\"",
    "\"report\"",
    "\"content\"",
    "\"end\"",
    "\"seq\":",
    "-1",
    "0",
    "1e999",
    "9223372036854775807",
    "281474976710657",
    "null",
    "\"base64\":\"/w==\"",
    "\"text\":\"\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    ":",
    "\n",
    "\\u0000",
    "\\ud800",
    "\"metadata\":",
    "\"final_message\":",
    "\"deliverables\":[]",
    "\"earlier_completions\":[]",
    "\"allocations\":[]",
    "2025-01-17T09:30:00Z",
    "+262143-01-01T00:00:00Z",
    "NaN",
];

/// A line that is read is written as one that is read again.
fn lines(input: &[u8]) -> u64 {
    ended(Line::parse(input), |line| {
        let text = serde_json::to_vec(&line).expect("text keys only");
        let again = Line::parse(&text).unwrap_or_else(|why| panic!("{why}: {line:?}"));
        assert_eq!(format!("{again:?}"), format!("{line:?}"), "a line comes back");
        format!("{line:?}").chars().take(8).collect()
    })
}

pub const IMPORT: Target = Target { name: "import", seeds: &[""], words: LINE_WORDS, run: import };

/// Any file is brought in, or refused and changes nothing; the same again is nothing new.
fn import(input: &[u8]) -> u64 {
    let mut file = tempfile::tempfile_in(shelf()).expect("a file");
    // Most of it is an export; what is done to it are edits.
    let text = with_sample(|sample| edited(&sample.export, input));
    file.write_all(&text).expect("written");
    let source = Source::of(file, "input");
    let dir = tempfile::tempdir_in(shelf()).expect("a directory");
    let workspace = open(dir.path());
    let imported = workspace.history().import(&source);
    if let Ok(first) = &imported
        && first.conflicts.is_empty()
    {
        let again = workspace.history().import(&source).expect("the same again");
        assert!(again.changed_nothing(), "the same again is nothing new");
    }
    ended(imported, |it| format!("imported{}", it.changed_nothing()))
}

pub const SEARCH: Target = Target {
    name: "search",
    seeds: &["vector search", "\"vector search\" scope:x", "a* OR b NEAR(c d)", "src/search.rs"],
    words: &[
        "\"", "'", "*", "^", "(", ")", ":", "+", "-", "{", "}", " AND ", " OR ", " NOT ", "NEAR(",
        "NEAR/2 ", "scope : ", "rowid", "vector", "search", "--", ";", "\0", "\u{202e}", "“", "”",
        "é", "日本", "\u{301}", "\u{fffe}", " ", "\n", "%", "_", "?1",
    ],
    run: search,
};

/// Any text is a question or has no word in it.
fn search(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    with_sample(|sample| {
        let history = sample.workspace.history();
        let filter = SearchFilter { limit: 3, ..SearchFilter::default() };
        let found = history.search(&text, &filter);
        for error in [
            found.as_ref().err(),
            history.find::<SessionId>(&text).as_ref().err(),
            history.find::<ExecutionId>(&text).as_ref().err(),
        ] {
            let kinds = [crate::Kind::Usage, crate::Kind::NotFound];
            assert!(error.is_none_or(|it| kinds.contains(&it.kind())), "{error:?}");
        }
        ended(found, |it| format!("{:?}{}", it.matched, "h".repeat(it.hits.len())))
    })
}

pub const PAGES: Target = Target {
    name: "pages",
    seeds: &["", "\x01\x02\x03\x04\x05\x06\x07\x08"],
    words: &["\0", "\u{7f}"],
    run: pages,
};

/// A database with any bytes changed answers or refuses; it neither panics nor goes on for ever.
fn pages(input: &[u8]) -> u64 {
    let dir = tempfile::tempdir_in(shelf()).expect("a directory");
    let home = dir.path().join(".sortie");
    std::fs::create_dir(&home).expect("a directory");
    let bytes = with_sample(|sample| edited(&sample.database, input));
    std::fs::write(home.join("history.db"), bytes).expect("written");
    let workspace = open(dir.path());
    let answers = questions(&workspace);
    let kinds: Vec<String> =
        answers.iter().map(|it| it.map_or("ok".into(), |k| format!("{k:?}"))).collect();
    done(kinds.concat())
}

/// Every question a history answers, and how each ended.
fn questions(workspace: &Workspace) -> Vec<Option<crate::Kind>> {
    let (history, outputs, context) =
        (workspace.history(), workspace.outputs(), workspace.context());
    let session = SessionId::new("s-1").expect("an id");
    let execution = ExecutionId::new("e-1").expect("an id");
    let mut kinds = Vec::new();
    let mut note = |error: Option<crate::Error>| kinds.push(error.map(|it| it.kind()));
    note(history.sessions(&SessionFilter::default()).err());
    note(history.executions(&ExecutionFilter::default()).err());
    note(history.show(&execution).err());
    note(history.show_session(&session).err());
    note(history.search("vector", &SearchFilter { limit: 5, ..SearchFilter::default() }).err());
    note(history.timeline(&session).err());
    note(history.stats(StatsBy::AgentType, &StatsFilter::default(), 5).err());
    note(history.export(&Chosen::default(), &mut std::io::sink()).err());
    note(outputs.query(&OutputFilter::default()).err());
    note(outputs.recall(&session).err());
    note(outputs.synthesize(&session, None).err());
    note(context.bundles(PageRequest { after: None, limit: 0 }).err());
    note(context.load("latest".as_ref()).and_then(|it| context.brief(&it, None)).err());
    note(history.init_session(NewSession { scope: "after".into(), ..NewSession::default() }).err());
    kinds
}

/// A small history, its database and its export.
struct Sample {
    workspace: Workspace,
    database: Vec<u8>,
    export: Vec<u8>,
    _dir: TempDir,
}

fn with_sample<T>(look: impl FnOnce(&Sample) -> T) -> T {
    thread_local! {
        static SAMPLE: RefCell<Option<Sample>> = const { RefCell::new(None) };
    }
    SAMPLE.with_borrow_mut(|sample| look(sample.get_or_insert_with(Sample::new)))
}

impl Sample {
    fn new() -> Sample {
        let dir = tempfile::tempdir_in(shelf()).expect("a directory");
        std::fs::write(dir.path().join("a.md"), "# One\n\ntext\n").expect("written");
        let workspace = open(dir.path());
        fill(&workspace).expect("a history");
        let mut export = Vec::new();
        workspace.history().export(&Chosen::default(), &mut export).expect("an export");
        let path = workspace.store().path().to_path_buf();
        // Everything into the one file.
        Store::at(&path).compact().expect("compacted");
        workspace.store().checkpoint();
        workspace.leave();
        let database = std::fs::read(&path).expect("a database");
        Sample { workspace: open(dir.path()), database, export, _dir: dir }
    }
}

fn fill(workspace: &Workspace) -> crate::Result<()> {
    for number in 1..3 {
        let id = SessionId::new(format!("s-{number}"))?;
        let (session, _) = Session::start(
            workspace,
            NewSession {
                session_id: Some(id),
                scope: "Implement vector search".into(),
                ..NewSession::default()
            },
        )?;
        let _ = session;
    }
    let session = Session::open(workspace, "s-1")?;
    for number in 1..4 {
        let (execution, ..) = session.init_deployment(Handover {
            execution_id: Some(ExecutionId::new(format!("e-{number}"))?),
            agent_type: AgentType::nearest("implementor"),
            scope: "Index vectors".into(),
            model: Some("sonnet".into()),
            briefing: Some(b"# Briefing\n".to_vec()),
            ..Handover::default()
        })?;
        execution.record_completion(&Completion {
            status: CompletionStatus::Completed,
            final_message: Some(
                format!("Vector search {number}: done.").repeat(40 * number).into_bytes(),
            ),
            error_message: None,
            deliverables: vec!["a.md".into()],
            amend: false,
        })?;
        execution.collect(&Collection {
            validation: vec!["tests:pass".parse().expect("a gate")],
            insights: vec!["HNSW is fast".into()],
            errors: vec!["late".into()],
            ..Collection::default()
        })?;
    }
    Ok(())
}

fn open(dir: &Path) -> Workspace {
    let mut options = Options::new(dir);
    options.project_root = Some(dir.to_path_buf());
    options.now = "2025-01-17T09:30:00Z".parse().ok();
    Workspace::open(options).expect("a project")
}

/// Where files cost no disk, if there is such a place.
fn shelf() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

/// `bytes` with the edits that `input` stands for: of eight bytes each, where, how and with what.
fn edited(bytes: &[u8], input: &[u8]) -> Vec<u8> {
    let mut text = bytes.to_vec();
    for edit in input.chunks_exact(8).take(64) {
        if text.is_empty() {
            break;
        }
        let number = |range: std::ops::Range<usize>| {
            edit[range].iter().fold(0usize, |number, byte| number << 8 | usize::from(*byte))
        };
        // Half of them near the beginning of a page, where its structure stands.
        let at = match edit[0] & 1 {
            0 => number(1..4) % text.len(),
            _ => (number(1..3) * 4096 + usize::from(edit[3] & 127)) % text.len(),
        };
        let length = usize::from(edit[5]).min(text.len() - at);
        match edit[0] >> 1 & 7 {
            0 | 1 => text[at] ^= 1 << (edit[4] & 7),
            2 => text[at] = edit[4],
            3 => text[at..at + length].fill(edit[4]),
            4 => text.truncate(at),
            5 => {
                let from = number(4..7) % text.len();
                let length = length.min(text.len() - from);
                text.copy_within(from..from + length, at);
            }
            6 => drop(text.drain(at..at + length)),
            _ => {
                let word = LINE_WORDS[usize::from(edit[4]) % LINE_WORDS.len()];
                text.splice(at..at, word.bytes());
            }
        }
    }
    text
}
