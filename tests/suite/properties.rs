//! Properties that hold for any sequence of records, and for any tree.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use sortie::context::{Preparation, Request, Selectors, WalkRules, Wanted};
use sortie::history::{Completion, NewSession, Recorded, Written};
use sortie::model::{CompletionStatus, ExecutionId, ItemType, Priority, SessionId};
use sortie::session::Handover;
use sortie::workspace::Options;
use sortie::{Execution, Kind, Session, Workspace};
use std::collections::BTreeMap;
use std::path::Path;

fn workspace(dir: &Path) -> Workspace {
    let mut options = Options::new(dir);
    options.project_root = Some(dir.to_path_buf());
    options.now = "2025-01-17T09:30:00Z".parse().ok();
    Workspace::open(options).unwrap()
}

/// One call on one of two executions.
#[derive(Debug, Clone)]
enum Call {
    Deploy { id: usize, scope: &'static str },
    Complete { id: usize, ending: Ending, amend: bool },
}

#[derive(Debug, Clone, PartialEq)]
struct Ending {
    failed: bool,
    message: Option<Vec<u8>>,
    error: Option<String>,
}

/// What the record should hold of an execution: its scope, and how it ended, the last one last.
#[derive(Debug, Default, PartialEq)]
struct Model {
    scope: Option<&'static str>,
    endings: Vec<Ending>,
}

/// What a call may answer.
#[derive(Debug, PartialEq)]
enum Answer {
    New,
    Already,
    Amended,
    Conflict,
    NotFound,
}

fn ending() -> impl Strategy<Value = Ending> {
    // Few values, so that the same comes twice.
    let message = option::of(prop_oneof![
        Just(b"done".to_vec()),
        Just(Vec::new()),
        Just(vec![0, 0xff, b'\n', 0xc3]),
        vec(any::<u8>(), 0..64),
    ]);
    let error = option::of(prop_oneof![Just("timeout".to_owned()), "\\PC{0,12}"]);
    (any::<bool>(), message, error).prop_map(|(failed, message, error)| Ending {
        failed,
        message,
        error,
    })
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        (0..2usize, prop_oneof![Just("one"), Just("two")])
            .prop_map(|(id, scope)| Call::Deploy { id, scope }),
        (0..2usize, ending(), any::<bool>()).prop_map(|(id, ending, amend)| Call::Complete {
            id,
            ending,
            amend
        }),
    ]
}

impl Model {
    fn deploy(&mut self, scope: &'static str) -> Answer {
        match self.scope {
            None => {
                self.scope = Some(scope);
                Answer::New
            }
            Some(recorded) if recorded == scope => Answer::Already,
            Some(_) => Answer::Conflict,
        }
    }

    fn complete(&mut self, ending: &Ending, amend: bool) -> Answer {
        let answer = match (self.scope, self.endings.last()) {
            (None, _) => return Answer::NotFound,
            (_, None) => Answer::New,
            (_, Some(last)) if last == ending => return Answer::Already,
            (_, Some(_)) if amend => Answer::Amended,
            (_, Some(_)) => return Answer::Conflict,
        };
        self.endings.push(ending.clone());
        answer
    }
}

fn refusal(error: sortie::Error) -> Answer {
    match error.kind() {
        Kind::Conflict => Answer::Conflict,
        Kind::NotFound => Answer::NotFound,
        other => panic!("{other:?}: {error}"),
    }
}

fn name(id: usize) -> String {
    format!("exec-{id}")
}

fn make(workspace: &Workspace, call: &Call) -> Answer {
    match call {
        Call::Deploy { id, scope } => {
            let session = Session::open(workspace, "s-1").unwrap();
            let handover = Handover {
                execution_id: Some(ExecutionId::new(name(*id)).unwrap()),
                agent_type: "agent".parse().unwrap(),
                scope: (*scope).into(),
                ..Handover::default()
            };
            match session.init_deployment(handover) {
                Ok((_, _, Written::New)) => Answer::New,
                Ok((_, _, Written::Already)) => Answer::Already,
                Err(error) => refusal(error),
            }
        }
        Call::Complete { id, ending, amend } => {
            let completion = Completion {
                status: match ending.failed {
                    true => CompletionStatus::Failed,
                    false => CompletionStatus::Completed,
                },
                final_message: ending.message.clone(),
                error_message: ending.error.clone(),
                deliverables: Vec::new(),
                amend: *amend,
            };
            let outcome = Execution::open(workspace, &name(*id))
                .and_then(|execution| execution.record_completion(&completion));
            match outcome.map(|done| done.recorded) {
                Ok(Recorded::New) => Answer::New,
                Ok(Recorded::Already) => Answer::Already,
                Ok(Recorded::Amended { .. }) => Answer::Amended,
                Err(error) => refusal(error),
            }
        }
    }
}

/// The record of an execution, as far as the model knows it.
fn recorded(workspace: &Workspace, id: usize) -> Option<(String, Vec<Ending>)> {
    let id = ExecutionId::new(name(id)).unwrap();
    let detail = workspace.history().show(&id).ok()?;
    let of = |status: &str, message: &Option<Vec<u8>>, error: &Option<String>| Ending {
        failed: status == "failed",
        message: message.clone(),
        error: error.clone(),
    };
    let earlier = detail.earlier_completions.iter();
    let mut endings: Vec<Ending> =
        earlier.map(|it| of(it.status.as_str(), &it.final_message, &it.error_message)).collect();
    let last = &detail.execution;
    if last.completed_at.is_some() {
        endings.push(of(last.status.as_str(), &last.final_message, &last.error_message));
    }
    Some((last.scope.clone(), endings))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    /// Whatever is called in whatever order: what was acknowledged is what is read back.
    #[test]
    fn the_record_is_what_was_acknowledged(calls in vec(call(), 1..12)) {
        let dir = tempfile::tempdir().unwrap();
        Session::start(&workspace(dir.path()), NewSession {
            session_id: Some(SessionId::new("s-1").unwrap()),
            scope: "s".into(),
            ..NewSession::default()
        }).unwrap();
        let mut models: [Model; 2] = Default::default();
        for call in &calls {
            let expected = match call {
                Call::Deploy { id, scope } => models[*id].deploy(scope),
                Call::Complete { id, ending, amend } => models[*id].complete(ending, *amend),
            };
            // Each call by a process of its own, as far as the library can tell.
            prop_assert_eq!(make(&workspace(dir.path()), call), expected, "{:?}", call);
        }
        for (id, model) in models.iter().enumerate() {
            let expected = model.scope.map(|scope| (scope.to_owned(), model.endings.clone()));
            prop_assert_eq!(recorded(&workspace(dir.path()), id), expected);
        }
    }
}

/// Files by name: a few directories, any bytes.
fn tree() -> impl Strategy<Value = BTreeMap<String, Vec<u8>>> {
    let name = "[a-c]/[a-d ]{1,3}\\.(rs|md|txt|json)".prop_map(|name| name.replace(" .", "_."));
    let shared =
        "## Shared\n\nThese are words that stand in several files, and enough of them. ".repeat(4);
    let text = prop_oneof![
        2 => "(\\PC{0,20}\n){0,4}".prop_map(move |own| format!("{own}\n{shared}\n{own}").into_bytes()),
        1 => Just(b"# Title\n\nThe same text.\n".to_vec()),
        1 => "(\\PC{0,20}\n){0,8}".prop_map(String::into_bytes),
        1 => "(`{1,6}|~{3}|<[a-z]{1,8}>|\n|[a-z]{1,8} ){0,20}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..40),
    ];
    btree_map(name, text, 1..8)
}

fn lay_out(tree: &BTreeMap<String, Vec<u8>>, dir: &Path) {
    for (name, bytes) in tree {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// The bundle of everything, and its briefing.
fn prepared(dir: &Path) -> Option<(sortie::Bundle, String)> {
    let workspace = workspace(dir);
    let wanted =
        Wanted { text: dir.to_path_buf(), item_type: ItemType::File, priority: Priority::Required };
    let request = Request {
        agent_type: "agent".parse().unwrap(),
        scope: "scope".into(),
        model: Some("gpt-5".into()),
        selectors: Selectors {
            wanted: vec![wanted],
            overrides: Vec::new(),
            rules: WalkRules { hidden: true, ..WalkRules::default() },
            paranoid: false,
        },
        ..Request::default()
    };
    match workspace.context().prepare(&request) {
        Ok(Preparation::Ready(prepared)) => {
            let briefing = workspace.context().brief(&prepared.bundle, None).unwrap();
            assert_eq!(briefing.tokens, prepared.bundle.total_tokens);
            Some((prepared.bundle, briefing.text))
        }
        Ok(Preparation::OverBudget(_)) => panic!("over budget"),
        // Nothing but binary files.
        Err(error) if error.kind() == Kind::NotFound => None,
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() })]

    /// The same tree gives the same bytes, wherever it lies; every file is taken or told; every
    /// file that was taken comes back byte for byte from what is sent, and stands in the briefing as
    /// it is where nothing of it stands earlier.
    #[test]
    fn the_same_tree_gives_the_same_bytes(tree in tree()) {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        lay_out(&tree, one.path());
        lay_out(&tree, two.path());
        let first = prepared(one.path());
        prop_assert_eq!(&first, &prepared(one.path()), "again");
        prop_assert_eq!(&first, &prepared(two.path()), "elsewhere");
        let Some((bundle, briefing)) = first else { return Ok(()) };
        let sum: u64 = bundle.context_items.iter().map(|item| item.token_count).sum();
        prop_assert_eq!(bundle.total_tokens, sum);
        let back = workspace(one.path()).context().expand(&bundle).unwrap();
        for (name, bytes) in &tree {
            let item = bundle.context_items.iter().find(|item| item.source == *name);
            let taken = item.is_some();
            let expanded = back.iter().find(|it| it.label == *name).map(|it| &it.bytes);
            prop_assert_eq!(expanded, item.map(|_| bytes), "{}", name);
            let told = bundle.skipped.iter().any(|skipped| skipped.source == *name);
            prop_assert!(taken != told, "{}", name);
            let text = String::from_utf8_lossy(bytes);
            let text = text.trim_start_matches('\u{feff}');
            prop_assert!(told || item.is_some_and(|it| !it.is_in_full()) || bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
                || briefing.contains(text), "{}", name);
        }
    }
}
