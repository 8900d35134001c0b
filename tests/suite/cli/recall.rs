//! What ran when in a session, and a session brought back to mind.

use crate::env::TestEnv;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use sortie::history::{Completion, NewSession};
use sortie::model::{ExecutionId, SessionId};
use sortie::outputs::{Collection, Recall};
use sortie::render::{Format, Surface, render};
use sortie::session::Handover;
use sortie::workspace::Options;
use sortie::{Execution, Session, Workspace};
use std::path::Path;

/// Twelve deployments over forty minutes, some beside each other, three of them open.
const RUNS: [(&str, &str, Option<&str>, &str); 12] = [
    ("exec-001", "09:30:10", Some("09:34:40"), "codebase-explorer"),
    ("exec-002", "09:30:20", Some("09:36:00"), "spec-writer"),
    ("exec-003", "09:31:00", Some("09:37:30"), "benchmark-designer"),
    ("exec-004", "09:38:00", Some("09:52:30"), "implementor"),
    ("exec-005", "09:38:30", Some("09:49:00"), "benchmark-designer"),
    ("exec-006", "09:39:00", Some("09:47:10"), "docs-writer"),
    ("exec-007", "09:53:00", Some("10:01:40"), "systematic-debugger"),
    ("exec-008", "09:53:20", Some("09:58:00"), "reviewer"),
    ("exec-009", "10:02:00", Some("10:08:20"), "implementor"),
    ("exec-010", "10:02:10", None, "docs-writer"),
    ("exec-011", "10:08:40", None, "reviewer"),
    ("exec-012", "10:09:10", None, "tester"),
];

fn forty_minutes() -> TestEnv {
    let mut env = TestEnv::new();
    env.ok("track init-session --scope 'Vector search: recall above 0.95' --session-id s-1");
    for (id, start, end, agent) in RUNS {
        run(&mut env, id, start, end, agent);
    }
    env.at("2025-01-17T10:11:30Z");
    env
}

fn run(env: &mut TestEnv, id: &str, start: &str, end: Option<&str>, agent: &str) {
    let at = |time: &str| match time.contains('T') {
        true => time.to_owned(),
        false => format!("2025-01-17T{time}Z"),
    };
    env.at(&at(start)).ok(&format!(
        "track init-deployment --session-id s-1 --execution-id {id} --agent-type {agent} \
         --scope 'The work of {agent}'"
    ));
    let ending = match id {
        "exec-003" => "--status failed --error-message 'context window exceeded'".to_owned(),
        _ => format!("--final-message '# Summary\n\nThe {agent} is done.\n\nMore of it.\n'"),
    };
    if let Some(end) = end {
        env.at(&at(end)).ok(&format!("track record-completion --execution-id {id} {ending}"));
    }
}

#[test]
fn what_ran_when() {
    let env = forty_minutes();
    snapshot!("timeline", env.run("track timeline latest"));
    snapshot!("timeline_json", env.run("track timeline s-1 --format json"));
    snapshot!("timeline_markdown", env.run("track timeline s-1 --format markdown"));
    snapshot!("timeline_unknown", env.run("track timeline s-2"));
}

#[test]
fn quiet_hours_take_little_room() {
    let mut env = TestEnv::new();
    env.ok("track init-session --scope 'Two days' --session-id s-1");
    snapshot!("timeline_empty", env.run("track timeline s-1"));
    run(&mut env, "e-1", "09:30:00", Some("09:34:00"), "explorer");
    run(&mut env, "e-2", "09:31:00", Some("09:40:00"), "implementor");
    run(&mut env, "e-3", "16:10:00", Some("16:15:00"), "reviewer");
    run(&mut env, "e-4", "2025-01-18T08:00:00Z", Some("2025-01-18T08:12:00Z"), "tester");
    run(&mut env, "e-5", "2025-01-18T08:05:00Z", None, "forgotten");
    env.at("2025-01-20T12:00:00Z");
    snapshot!("timeline_quiet", env.run("track timeline s-1"));
    let found = env.ok("track timeline s-1 --format json").json();
    assert_eq!(found["idle_gaps"].as_array().unwrap().len(), 2);
}

#[test]
fn one_that_just_began() {
    let mut env = TestEnv::new();
    env.ok("track init-session --scope 'Short' --session-id s-1");
    run(&mut env, "e-1", "09:30:00", None, "a");
    snapshot!("timeline_of_one", env.run("track timeline s-1"));
    env.at("2025-01-17T09:30:02.500Z");
    snapshot!("timeline_of_seconds", env.run("track timeline s-1"));
}

#[test]
fn brought_back_to_mind() {
    let env = forty_minutes();
    env.write("lib/hnsw.ts", "export {}\n");
    env.ok("outputs collect --execution-id exec-004 --deliverables lib/hnsw.ts,lib/none.ts \
         --validation-results tests:pass,recall:fail --insights 'ef of 100 is too low' \
         --errors 'out of memory at 1M vectors'");
    snapshot!("recall", env.run("track recall latest"));
    snapshot!("recall_json", env.run("track recall s-1 --format json"));
    snapshot!("recall_markdown", env.run("track recall s-1 --format markdown"));
    snapshot!("recall_unknown", env.run("track recall s-2"));
    env.ok("track fail-session --session-id s-1 --reason 'the API changed'");
    snapshot!("recall_ended", env.run("track recall s-1"));
}

#[test]
fn nothing_to_remember() {
    let env = TestEnv::new();
    env.ok("track init-session --scope 'Nothing yet' --session-id s-1");
    snapshot!("recall_empty", env.run("track recall s-1"));
}

/// The law: whatever was recorded, a recall is no longer than this.
const MOST: usize = 10_000;

fn workspace(dir: &Path, now: &str) -> Workspace {
    let mut options = Options::new(dir);
    options.project_root = Some(dir.to_path_buf());
    options.now = now.parse().ok();
    Workspace::open(options).unwrap()
}

/// The texts of a recall; each must be bounded, whole, and count what it leaves out.
#[track_caller]
fn bounded(recall: &Recall) -> String {
    for format in [Format::Table, Format::Markdown] {
        let text = render(recall, format, Surface::PLAIN);
        let size = text.chars().count();
        assert!(size <= MOST, "{size} characters:\n{text}");
        assert!(text.contains("sortie outputs synthesize --session-id"), "{text}");
        for (all, title) in [(recall.open.len(), "## Open"), (recall.results.len(), "## Results")] {
            assert_eq!(shown_and_left(&text, title), all, "{title}\n{text}");
        }
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
    render(recall, Format::Table, Surface::PLAIN)
}

/// How many entries a section shows, and how many more it says there are.
fn shown_and_left(text: &str, title: &str) -> usize {
    let section = text.split("\n## ").find(|it| format!("## {it}").starts_with(title));
    let lines = section.unwrap_or_default().lines();
    lines
        .filter_map(|line| match line.strip_prefix("- … and ") {
            Some(rest) => rest.split(' ').next()?.replace(',', "").parse().ok(),
            None => line.starts_with("- `").then_some(1),
        })
        .sum()
}

#[test]
fn thousands_of_deployments_with_huge_messages_fit() {
    let env = TestEnv::empty();
    env.ok(&format!("track init-session --session-id s-1 --scope '{}'", "|<*_ ".repeat(2_000)));
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
        INSERT INTO agent_executions (execution_id, session_id, agent_type, deployed_at,
            completed_at, status, scope, phase, context_token_count, context_tokens_upper,
            context_tokens_exact, success, error_message, deliverables, final_message)
        SELECT 'exec-' || printf('%050d', i), 's-1', printf('%.*c', 500, '*'),
            strftime('%Y-%m-%dT%H:%M:%S.000Z', '2025-01-10', '+' || i || ' seconds'),
            CASE WHEN i % 3 THEN '2025-01-17T00:00:00.000Z' END,
            CASE i % 3 WHEN 0 THEN 'deployed' WHEN 1 THEN 'completed' ELSE 'failed' END,
            printf('%.*c', 5000, '_'), 3, 0, 0, 0, NULL,
            CASE WHEN i % 3 = 2 THEN printf('%.*c', 5000, '<') END, '[]',
            char(10) || '# ' || char(27) || char(8238) || printf('%.*c', CASE WHEN i % 500 THEN 2500 ELSE 500000 END, '`') || 'x ' || i
        FROM n;
        INSERT INTO outputs (output_id, execution_id, output_type, content, created_at, metadata,
            subject)
        SELECT 'out-' || seq || '-' || k.type || k.j, execution_id, k.type,
            CASE k.type WHEN 'deliverable'
                THEN json_object('file_path', printf('%.*c', 300, '#') || k.j, 'exists', k.j % 2 = 0)
                WHEN 'validation_result' THEN json_object('name', '![]' || k.j, 'result', 'fail')
                ELSE json_object('text', printf('%.*c', 900, '~') || seq) END,
            deployed_at, '{}', printf('%.*c', 900, '~') || seq || k.j
        FROM agent_executions, (SELECT 'deliverable' AS type, 0 AS j UNION ALL SELECT 'deliverable', 1
            UNION ALL SELECT 'validation_result', 2 UNION ALL SELECT 'validation_result', 3
            UNION ALL SELECT 'insight', 4 UNION ALL SELECT 'error', 5) AS k
        WHERE seq % 5 = 0;";
    rusqlite::Connection::open(env.database()).unwrap().execute_batch(sql).unwrap();
    let workspace = workspace(&env.project(), "2025-01-17T09:30:00Z");
    let recall = workspace.outputs().recall(&SessionId::new("s-1").unwrap()).unwrap();
    assert_eq!((recall.open.len(), recall.results.len()), (2000, 4000));
    let text = bounded(&recall);
    // Room is not wasted either.
    assert!(text.chars().count() > MOST * 9 / 10, "{text}");
    for format in ["table", "markdown"] {
        let shown = env.ok(&format!("track recall s-1 --format {format}")).out();
        assert!(shown.chars().count() <= MOST);
    }
}

#[derive(Debug, Clone)]
struct Given {
    agent: String,
    scope: String,
    ending: Option<(Option<String>, Option<String>)>,
    insights: Vec<String>,
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{1,40}",
        "[#*_`|<>\\[\\]!\n\r\t ]{1,60}x",
        (
            prop_oneof![Just("<"), Just("\u{202e}"), Just("漢"), Just("\u{1b}"), Just("a ")],
            1..4000usize
        )
            .prop_map(|(piece, times)| format!("x{}", piece.repeat(times))),
    ]
}

fn given() -> impl Strategy<Value = Given> {
    let ending = option::of((option::of(text()), option::of(text())));
    (text(), text(), ending, vec(text(), 0..3)).prop_map(|(agent, scope, ending, insights)| Given {
        agent,
        scope,
        ending,
        insights,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_recall_is_bounded(scope in text(), all in vec(given(), 0..40)) {
        let dir = tempfile::tempdir().unwrap();
        let workspace = workspace(dir.path(), "2025-01-17T09:30:00Z");
        let (session, _) = Session::start(&workspace, NewSession {
            session_id: Some(SessionId::new("s-1").unwrap()),
            scope,
            ..NewSession::default()
        }).unwrap();
        for (at, it) in all.iter().enumerate() {
            session.init_deployment(Handover {
                execution_id: Some(ExecutionId::new(format!("e-{at}")).unwrap()),
                agent_type: sortie::model::AgentType::nearest(&it.agent),
                scope: it.scope.clone(),
                ..Handover::default()
            }).unwrap();
            let execution = Execution::open(&workspace, &format!("e-{at}")).unwrap();
            if let Some((message, error)) = &it.ending {
                let mut completion = Completion::completed(message.clone().unwrap_or_default());
                completion.error_message = error.clone();
                execution.record_completion(&completion).unwrap();
            }
            let insights = it.insights.clone();
            execution.collect(&Collection { insights, ..Collection::default() }).unwrap();
        }
        bounded(&workspace.outputs().recall(session.id()).unwrap());
    }
}
