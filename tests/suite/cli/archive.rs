//! `sortie track export` and `import`: a history comes back as it was, wherever it is brought.

use crate::env::{Outcome, TestEnv, fixture, transcript};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Bytes that no text format likes.
const ODD: &[u8] = b"\xef\xbb\xbf{\"a\":1}\r\n\0\x1b[2J\xff\xfe\xc3";

/// Two sessions with all that a history can hold.
fn rich() -> TestEnv {
    rich_with(b"a\0\xff")
}

fn rich_with(message: &[u8]) -> TestEnv {
    let mut env = TestEnv::new();
    env.at("2025-01-10T08:00:00Z");
    let metadata = r#"--metadata '{"weights":[0.1,1e-7,0.30000000000000004],"π":null}'"#;
    env.ok(&format!("track init-session --session-id s-1 --scope 'Vector\nsearch' {metadata}"));
    env.ok("ctx prepare-bundle --agent-type a --scope s --files lib,spec --output one.json");
    env.ok("ctx generate-briefing --bundle one.json --output brief.md");
    let deploy = "track init-deployment --agent-type implementor --scope 'Do it' --session-id";
    env.ok(&format!("{deploy} s-1 --execution-id e-1 --context-bundle one.json"));
    env.ok(&format!("{deploy} s-1 --execution-id e-2 --context-token-count 12k --model gpt-5"));
    env.at("2025-01-10T09:00:00Z");
    let complete = "track record-completion --final-message - --execution-id";
    let outcome = env.run_with(&format!("{complete} e-1 --deliverables lib/types.ts"), ODD);
    assert_eq!(outcome.status, Some(0), "{outcome}");
    env.run_with(&format!("{complete} e-1 --amend"), "naïve 漢字\r\n".as_bytes());
    env.run_with(&format!("{complete} e-2 --status failed --error-message 'a\tb'"), message);
    env.ok("outputs collect --execution-id e-1 --insights 'One, two' --validation-results recall:0.30000000000000004");
    env.ok("track complete-session --session-id s-1");
    env.ok("outputs synthesize --session-id s-1 --output report.md");
    env.at("2025-01-17T09:00:00Z");
    env.ok("track init-session --session-id s-2 --scope 'Another'");
    env.ok(&format!("{deploy} s-2 --execution-id e-3 --context-bundle one.json"));
    env.at("2025-01-17T09:30:00Z");
    env
}

/// Ten megabytes that are nearly text.
fn long() -> Vec<u8> {
    let mut bytes = b"line of a long message\n\0".repeat(10_000_000 / 24);
    bytes.push(0xff);
    bytes
}

/// The whole history as a file, by which two are compared.
fn exported(env: &TestEnv) -> Vec<u8> {
    env.ok("track export").stdout
}

/// Another project, and a file where it can be read from.
fn carried(bytes: &[u8]) -> (TestEnv, PathBuf) {
    let env = TestEnv::empty();
    let file = env.beside("history.jsonl");
    std::fs::write(&file, bytes).unwrap();
    (env, file)
}

fn import(env: &TestEnv, file: &Path) -> Outcome {
    env.run(&format!("track import {}", file.display()))
}

/// The lines of an export, those of some kinds of records only.
fn lines<'a>(bytes: &'a [u8], kinds: &[&str]) -> Vec<&'a str> {
    let text = std::str::from_utf8(bytes).unwrap();
    let of =
        |line: &&str| kinds.iter().any(|kind| line.contains(&format!("{{\"record\":\"{kind}\"")));
    text.lines().filter(of).collect()
}

#[test]
fn a_history_comes_back_as_it_was() {
    let first = rich_with(&long());
    let history = exported(&first);
    let (second, file) = carried(&history);
    let once = import(&second, &file);
    assert_eq!(once.status, Some(0), "{once}");
    assert!(exported(&second) == history, "export(import(export(h))) == export(h)");
    let twice = import(&second, &file);
    assert_eq!(twice.status, Some(0), "{twice}");
    assert!(exported(&second) == history, "import twice == import once");
    snapshot!("import", transcript(&[once, twice]));
    for question in [
        "track query --limit 0 --format json --with-messages",
        "track sessions --format json",
        "track show e-1 --format json",
        "track show e-1 --message",
        "track show e-1 --message --earlier 1",
        "track show e-2 --message",
        "track show latest",
        "ctx replay --execution-id e-1",
        "ctx list --format json",
        "ctx show latest --format json",
        "outputs query --format json",
        "outputs reports --format json",
        "outputs show latest",
    ] {
        let (here, there) = (first.ok(question), second.ok(question));
        assert!(here.stdout == there.stdout, "{question}");
    }
    assert!(second.ok("track show e-1 --message --earlier 1").stdout == ODD);
    assert!(second.ok("track show e-2 --message").stdout == long());
    assert_eq!(second.rows("PRAGMA foreign_key_check"), "");
    // What was searchable is.
    let found = "SELECT count(*) FROM executions_fts WHERE executions_fts MATCH '漢字'";
    assert_eq!((first.rows(found), second.rows(found)), ("1\n".into(), "1\n".into()));
}

#[test]
fn a_compressed_history_is_the_same() {
    let env = rich();
    let plain = exported(&env);
    env.ok("track export --output history.jsonl.zst --quiet");
    env.ok("track export --output history.jsonl --format jsonl");
    assert!(env.read("history.jsonl") == plain);
    assert!(env.read("history.jsonl.zst").len() < plain.len() / 2);
    assert!(zstd::decode_all(&env.read("history.jsonl.zst")[..]).unwrap() == plain);
    // What it is called does not matter to read it, nor where it comes from.
    let (other, _) = carried(&[]);
    let outcome = other.run_with("track import -", &env.read("history.jsonl.zst"));
    assert_eq!(outcome.status, Some(0), "{outcome}");
    assert!(exported(&other) == plain);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = env.path("history.jsonl.zst").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_export_and_import_say() {
    let env = TestEnv::deployed("exec-001");
    for format in ["table", "jsonl"] {
        let line = format!("track export --output history.jsonl --format {format}");
        snapshot!(format!("export_{format}"), env.run(&line));
    }
    for format in ["json", "markdown", "csv"] {
        let line = format!("track export --format {format}");
        snapshot!(format!("export_refused_{format}"), env.run(&line));
    }
    for format in ["json", "markdown"] {
        let (other, file) = carried(&env.read("history.jsonl"));
        let line = format!("track import {} --format {format}", file.display());
        snapshot!(format!("import_{format}"), other.run(&line));
    }
    snapshot!("export_nothing", TestEnv::empty().run("track export --output nothing.jsonl"));
    snapshot!("export_unknown", env.run("track export --session-id s-9"));
    snapshot!("import_absent", env.run("track import absent.jsonl"));
}

#[test]
fn one_session_stands_on_its_own() {
    let env = rich();
    let one = env.ok("track export --session-id s-2").stdout;
    let since = env.ok("track export --since 2025-01-15").stdout;
    assert!(one == since);
    assert!(env.ok("track export --until 2025-01-01").stdout.split(|b| *b == b'\n').count() == 3);
    let (other, file) = carried(&one);
    snapshot!("import_one_session", import(&other, &file));
    let replay = "ctx replay --execution-id e-3";
    assert!(other.ok(replay).stdout == env.ok(replay).stdout);
    // The rest comes to it.
    std::fs::write(&file, exported(&env)).unwrap();
    assert_eq!(import(&other, &file).status, Some(0));
    assert!(exported(&other) == exported(&env));
}

#[test]
fn two_histories_are_brought_together() {
    let rich = rich();
    let other = TestEnv::deployed("exec-001");
    other.ok("track record-completion --execution-id exec-001 --final-message done");
    // The two began a session under one id.
    other.ok("track init-session --session-id mine --scope Mine");
    let conflict = exported(&other);
    let other_lines: Vec<&str> = std::str::from_utf8(&conflict)
        .unwrap()
        .lines()
        .filter(|line| line.contains("\"mine\"") || line.contains("\"head\""))
        .collect();
    let end = r#"{"record":"end","sessions":1,"executions":0,"outputs":0,"reports":0,"bundles":0,"briefings":0,"contents":0}"#;
    let mine = format!("{}\n{end}\n", other_lines.join("\n")).into_bytes();
    let all = ["content", "bundle", "briefing", "session", "execution", "output", "report"];
    let mut union: Vec<String> =
        [&exported(&rich), &mine].iter().flat_map(|it| lines(it, &all)).map(unplaced).collect();
    union.sort();
    for order in [[&exported(&rich), &mine], [&mine, &exported(&rich)]] {
        // Files behind each other are one.
        let (both, file) = carried(&order.map(|it| it.as_slice()).concat());
        let outcome = import(&both, &file);
        assert_eq!(outcome.status, Some(0), "{outcome}");
        let together = exported(&both);
        let mut found: Vec<String> = lines(&together, &all).into_iter().map(unplaced).collect();
        found.sort();
        assert!(found == union);
    }
    // Of what contradicts, nothing is taken, and nothing that belongs to it.
    let before = exported(&rich);
    let (file, kinds) = (rich.beside("other.jsonl"), ["table", "json", "markdown"]);
    std::fs::write(&file, &conflict).unwrap();
    let outcomes =
        kinds.map(|format| rich.run(&format!("track import {} --format {format}", file.display())));
    for (outcome, format) in outcomes.iter().zip(kinds) {
        snapshot!(format!("conflict_{format}"), outcome);
    }
    let after = exported(&rich);
    assert_eq!(lines(&after, &["execution"]), lines(&before, &["execution"]));
    assert_eq!(lines(&after, &["session"]).len(), 3, "the rest came in");
}

/// A line without its place, which is another beside other records.
fn unplaced(line: &str) -> String {
    let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
    record.as_object_mut().unwrap().remove("seq");
    record.to_string()
}

#[test]
fn what_has_gone_on_is_carried_forward() {
    let mut env = TestEnv::deployed("e-1");
    let mut states = vec![exported(&env)];
    let complete = "track record-completion --execution-id e-1 --final-message";
    env.ok("ctx prepare-bundle --agent-type a --scope s --files lib --output one.json");
    for step in [
        "ctx record-allocation --execution-id e-1 --bundle one.json",
        &format!("{complete} first"),
        &format!("{complete} second --amend"),
        &format!("{complete} third --amend"),
        "track set-phase --session-id s-1 --phase 4",
        "outputs collect --execution-id e-1 --insights new",
        "ctx prepare-bundle --agent-type a --scope s --files lib --output again.json",
        "ctx generate-briefing --bundle one.json --output brief.md",
        "track complete-session --session-id s-1",
    ] {
        env.at(&format!("2025-01-17T1{}:00:00Z", states.len()));
        env.ok(step);
        env.at(crate::env::NOW);
        states.push(exported(&env));
    }
    // Each state after each other, and then the old ones again: the last one stays.
    let (other, file) = carried(&[]);
    for state in states.iter().chain(&states) {
        std::fs::write(&file, state).unwrap();
        let outcome = import(&other, &file);
        assert_eq!(outcome.status, Some(0), "{outcome}");
    }
    let unplaced = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.lines().map(unplaced).collect::<Vec<_>>()
    };
    assert_eq!(unplaced(&exported(&other)), unplaced(&exported(&env)));
    // An amendment of one's own is not overwritten.
    env.ok(&format!("{complete} ours --amend"));
    other.ok(&format!("{complete} theirs --amend"));
    std::fs::write(&file, exported(&env)).unwrap();
    snapshot!("both_amended", import(&other, &file));
    assert_eq!(other.ok("track show e-1 --message").stdout, b"theirs");
}

#[test]
fn damage_is_found_before_anything_is_written() {
    let env = rich();
    let whole = String::from_utf8(exported(&env)).unwrap();
    let short = String::from_utf8(env.ok("track export --session-id s-2").stdout).unwrap();
    let count = short.lines().count();
    let cut_at = |line: usize| short.lines().take(line).collect::<Vec<_>>().join("\n");
    let cases = [
        ("empty", String::new()),
        ("other_json", "{\"a\":1}\n".to_owned()),
        ("no_json", "id,name\n1,x\n".to_owned()),
        ("no_head", short.lines().skip(1).collect::<Vec<_>>().join("\n")),
        ("newer", short.replacen("\"format\":2", "\"format\":3", 1)),
        ("cut_off", cut_at(count - 3)),
        ("cut_in_a_line", cut_at(count - 3)[..cut_at(count - 3).len() - 20].to_owned()),
        ("line_lost", short.replacen("{\"record\":\"session\"", "\n", 1)),
        ("records_lost", {
            let kept: Vec<&str> =
                short.lines().filter(|line| !line.contains("\"record\":\"briefing\"")).collect();
            kept.join("\n")
        }),
        ("content_changed", short.replacen("\"text\":\"", "\"text\":\"x", 1)),
        ("unknown_kind", short.replacen("\"record\":\"session\"", "\"record\":\"dream\"", 1)),
        ("id_bad", short.replace("\"session_id\":\"s-2\"", "\"session_id\":\"-x\"")),
        ("message_changed", {
            let changed = |line: &str| match line.contains("\"record\":\"execution\"") {
                true => line.replace("naïve", "plain"),
                false => line.to_owned(),
            };
            whole.lines().map(changed).collect::<Vec<_>>().join("\n")
        }),
        ("place_bad", short.replacen("\"seq\":1,", "\"seq\":9223372036854775807,", 1)),
    ];
    for (name, text) in cases {
        let (other, file) = carried(text.as_bytes());
        snapshot!(format!("refused_{name}"), import(&other, &file));
        assert!(!other.database().exists(), "{name}: nothing was written");
    }
    let packed = zstd::encode_all(short.as_bytes(), 3).unwrap();
    let (other, file) = carried(&packed[..packed.len() / 2]);
    snapshot!("refused_cut_zstd", import(&other, &file));
    assert!(!other.database().exists());
}

#[test]
fn a_reference_that_leads_nowhere_is_refused() {
    let env = rich();
    let text = String::from_utf8(env.ok("track export --session-id s-2").stdout).unwrap();
    let kept = text.lines().filter(|line| !line.contains("\"record\":\"session\""));
    let text = kept.collect::<Vec<_>>().join("\n").replace("\"sessions\":1", "\"sessions\":0");
    let (other, file) = carried(text.as_bytes());
    snapshot!("refused_lacking", import(&other, &file));
    assert_eq!(other.rows("SELECT count(*) FROM agent_executions"), "0\n");
    assert_eq!(other.rows("PRAGMA foreign_key_check"), "");
}

#[test]
fn the_history_of_an_older_schema_is_carried_too() {
    let env = TestEnv::empty();
    std::fs::create_dir(env.path(".sortie")).unwrap();
    std::fs::copy(fixture("schema-1.db"), env.database()).unwrap();
    let history = exported(&env);
    let (other, file) = carried(&history);
    let outcome = import(&other, &file);
    assert_eq!(outcome.status, Some(0), "{outcome}");
    assert!(exported(&other) == history);
    let list = "track query --limit 0 --format json --with-messages";
    assert_eq!(env.ok(list).out(), other.ok(list).out());
    assert!(!lines(&history, &["execution"]).is_empty());
}

#[test]
fn whoever_has_read_enough_may_go() {
    let env = rich();
    let mut child = env
        .sortie()
        .args(["track", "export"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

/// One thing that happens in a history.
#[derive(Debug, Clone)]
enum Event {
    Begin { scope: String, weight: f64 },
    Deploy { scope: String },
    Complete { message: Vec<u8>, amend: bool },
    End,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (".{1,12}", any::<f64>().prop_filter("JSON has no others", |it| it.is_finite()))
            .prop_map(|(scope, weight)| Event::Begin { scope, weight }),
        "\\PC{1,12}".prop_map(|scope| Event::Deploy { scope }),
        (prop::collection::vec(any::<u8>(), 0..40), any::<bool>())
            .prop_map(|(message, amend)| Event::Complete { message, amend }),
        Just(Event::End),
    ]
}

mod library {
    use super::Event;
    use sortie::history::{Chosen, Completion, NewSession, Source, spool};
    use sortie::model::{SessionId, SessionStatus};
    use sortie::session::Handover;
    use sortie::workspace::Options;
    use sortie::{Session, Workspace};
    use std::path::Path;

    pub fn open(dir: &Path) -> Workspace {
        let mut options = Options::new(dir);
        options.project_root = Some(dir.to_path_buf());
        options.now = "2025-01-17T09:30:00Z".parse().ok();
        Workspace::open(options).unwrap()
    }

    pub fn happen(workspace: &Workspace, prefix: &str, events: &[Event]) {
        let (mut session, mut execution) = (None::<SessionId>, None);
        for (at, event) in events.iter().enumerate() {
            match event {
                Event::Begin { scope, weight } => {
                    let id = SessionId::new(format!("{prefix}{at}")).unwrap();
                    let mut metadata = serde_json::Map::new();
                    metadata.insert("weight".into(), (*weight).into());
                    let new = NewSession { session_id: Some(id), scope: scope.clone(), metadata };
                    session = Some(workspace.history().init_session(new).unwrap().0.session_id);
                }
                Event::Deploy { scope } => {
                    let Some(session) = &session else { continue };
                    let session = Session::open(workspace, session.as_str()).unwrap();
                    let handover = Handover {
                        execution_id: None,
                        agent_type: "a".parse().unwrap(),
                        scope: scope.clone(),
                        model: None,
                        bundle: None,
                        briefing: Some(scope.clone().into_bytes()),
                        context_token_count: None,
                        phase: None,
                        force: false,
                    };
                    // An ended session takes none.
                    let deployed = session.init_deployment(handover).ok();
                    execution = deployed.map(|(_, record, _)| record.execution_id).or(execution);
                }
                Event::Complete { message, amend } => {
                    let Some(id) = &execution else { continue };
                    let completion =
                        Completion { amend: *amend, ..Completion::completed(message.clone()) };
                    let _ = workspace.history().complete(id, &completion, Vec::new());
                }
                Event::End => {
                    let Some(id) = &session else { continue };
                    let ended = SessionStatus::Completed;
                    let _ = workspace.history().end_session(id, ended, None);
                }
            }
        }
    }

    pub fn export(workspace: &Workspace) -> Vec<u8> {
        let mut bytes = Vec::new();
        workspace.history().export(&Chosen::default(), &mut bytes).unwrap();
        bytes
    }

    pub fn import(workspace: &Workspace, bytes: &[u8]) {
        let source = Source::of(spool(&mut &bytes[..]).unwrap(), "test");
        let imported = workspace.history().import(&source).unwrap();
        assert!(imported.conflicts.is_empty(), "{imported:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_history_comes_back(
        ours in prop::collection::vec(event(), 0..12),
        theirs in prop::collection::vec(event(), 0..8),
    ) {
        let dirs = [0, 1, 2, 3].map(|_| tempfile::tempdir().unwrap());
        let [a, b, c, d] = dirs.each_ref().map(|dir| library::open(dir.path()));
        library::happen(&a, "a", &ours);
        library::happen(&b, "b", &theirs);
        let (of_a, of_b) = (library::export(&a), library::export(&b));
        library::import(&c, &of_a);
        prop_assert!(library::export(&c) == of_a, "there and back");
        library::import(&c, &of_a);
        prop_assert!(library::export(&c) == of_a, "twice is once");
        for bytes in [&of_b, &of_a, &of_b] {
            library::import(&d, bytes);
        }
        library::import(&c, &of_b);
        let sorted = |bytes: &[u8]| {
            let kinds = ["content", "session", "execution", "output", "report"];
            let mut all: Vec<String> = lines(bytes, &kinds).into_iter().map(unplaced).collect();
            all.sort();
            all.dedup();
            all
        };
        let union = sorted(&[of_a, of_b].concat());
        prop_assert_eq!(sorted(&library::export(&c)), union.clone());
        prop_assert_eq!(sorted(&library::export(&d)), union);
    }
}
