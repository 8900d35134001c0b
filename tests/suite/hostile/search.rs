//! Any text may be looked for, named or filtered by: it is never SQL, nor FTS5's language.

use crate::env::TestEnv;
use proptest::prelude::*;
use sortie::history::SearchFilter;
use sortie::model::{ExecutionId, SessionId};
use sortie::workspace::Options;
use sortie::{Kind, Workspace};

/// Texts rich in what SQL and FTS5 read otherwise.
fn query() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "'",
        "\"",
        "\"\"",
        "''",
        ";",
        "--",
        "/*",
        "*/",
        "*",
        "^",
        "(",
        ")",
        ":",
        "+",
        "-",
        "{",
        "}",
        ",",
        "\\",
        "%",
        "_",
        "?",
        "?1",
        "$1",
        "@a",
        " AND ",
        " OR ",
        " NOT ",
        "NEAR(",
        "NEAR/2",
        "scope : ",
        "rowid:",
        "rank MATCH ",
        "' OR 1=1 --",
        "\") OR rowid > 0 --",
        "DROP TABLE sessions;",
        "vector",
        "search",
        "a",
        "é",
        "\0",
        "\u{202e}",
        "“",
        "”",
        " ",
        "\n",
        "日本",
        "\u{300}",
        "\u{fffe}",
        "x'00'",
        "0x1",
        "latest",
    ]);
    prop_oneof![
        any::<String>(),
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
    ]
}

#[test]
fn any_text_is_a_question() {
    let env = TestEnv::deployed("exec-001");
    env.ok("track record-completion --execution-id exec-001 --final-message 'vector search; it''s done'");
    env.ok("outputs collect --execution-id exec-001 --insights 'vectors (a)'");
    let before = env.rows("SELECT * FROM sessions; ") + &env.rows("SELECT * FROM agent_executions");
    let mut options = Options::new(env.project());
    options.project_root = Some(env.project());
    let workspace = Workspace::open(options).unwrap();
    let history = workspace.history();
    proptest!(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() }, |(text in query(), other in query())| {
        let filter = SearchFilter {
            agent_type: Some(other.clone()).filter(|it| it.len() % 2 == 0),
            limit: 3,
            ..SearchFilter::default()
        };
        match history.search(&text, &filter) {
            Ok(_) => {}
            Err(error) => prop_assert_eq!(error.kind(), Kind::Usage, "{}", error),
        }
        for error in [
            history.find::<SessionId>(&text).err(),
            history.find::<ExecutionId>(&text).err(),
            workspace.context().load(text.as_ref()).err(),
        ].into_iter().flatten() {
            let kinds = [Kind::NotFound, Kind::Usage];
            prop_assert!(kinds.contains(&error.kind()), "{:?}: {}", text, error);
        }
    });
    let long = "a.".repeat(100_000) + &"word ".repeat(100_000) + &"\"".repeat(1_000);
    assert!(history.search(&long, &SearchFilter::default()).is_ok());
    let after = env.rows("SELECT * FROM sessions; ") + &env.rows("SELECT * FROM agent_executions");
    assert_eq!(before, after);
}
