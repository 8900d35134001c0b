//! Long lists, a page at a time: every page continues where the last one ended, and together they
//! are the list.

use crate::env::TestEnv;
use serde_json::Value;

/// Seven deployments in two sessions, most of them in the same millisecond.
fn seven() -> TestEnv {
    let mut env = TestEnv::new();
    env.ok("track init-session --scope 'Vector search' --session-id s-1");
    env.ok("track init-session --scope 'Text search' --session-id s-2");
    for at in 1..=7 {
        if at == 6 {
            env.at("2025-01-17T10:00:00Z");
        }
        env.ok(&format!(
            "track init-deployment --session-id s-{} --execution-id e-{at} --agent-type a --scope s",
            at % 2 + 1
        ));
        env.ok(&format!("outputs collect --execution-id e-{at} --insights 'learned {at}'"));
        env.ok(&format!(
            "ctx prepare-bundle --agent-type a --scope 'Part {at}' --files lib --output {at}.json"
        ));
    }
    for session in ["s-1", "s-2"] {
        env.ok(&format!("outputs synthesize --session-id {session} --output {session}.md"));
    }
    env
}

/// The ids of a list, one page after the other.
fn walked(env: &TestEnv, verb: &str, (list, id): (&str, &str), limit: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let page = env.ok(&format!("{verb} --format json --limit {limit}{after}")).json();
        let rows = page[list].as_array().unwrap();
        ids.extend(rows.iter().map(|row| row[id].as_str().unwrap().to_owned()));
        match &page["next"] {
            Value::Null => return ids,
            next => {
                assert_eq!(rows.len(), limit, "{verb}");
                assert_eq!(next.as_str(), ids.last().map(String::as_str), "{verb}");
                after = format!(" --after {}", next.as_str().unwrap());
            }
        }
    }
}

#[test]
fn pages_together_are_the_list() {
    let env = seven();
    let executions = ("executions", "execution_id");
    let lists = [
        ("track query", executions, 7),
        ("track query --session-id s-1", executions, 3),
        ("track query --agent-type a --since 2025-01-17", executions, 7),
        ("track query --status deployed --until 2025-01-18", executions, 7),
        ("track sessions", ("sessions", "session_id"), 2),
        ("outputs query", ("outputs", "output_id"), 7),
        ("outputs query --session-id s-2 --output-type insight", ("outputs", "output_id"), 4),
        ("ctx list", ("bundles", "bundle_id"), 7),
        ("outputs reports", ("reports", "report_id"), 2),
    ];
    for (verb, names, count) in lists {
        let whole = walked(&env, verb, names, 0);
        assert_eq!(whole.len(), count, "{verb}");
        for limit in [1, 2, 3, count, count + 1] {
            assert_eq!(walked(&env, verb, names, limit), whole, "{verb} by {limit}");
        }
    }
}

#[test]
fn a_page_says_how_to_go_on() {
    let env = seven();
    snapshot!("page_first", env.run("track query --limit 3"));
    snapshot!("page_second_csv", env.run("track sessions --limit 1 --format csv"));
    snapshot!("page_last", env.run("track query --limit 3 --after e-2"));
    snapshot!("page_past_the_end", env.run("track query --after e-1"));
    snapshot!("page_after_latest", env.run("track query --after latest --limit 1"));
    snapshot!("page_json", env.run("track sessions --limit 1 --format json"));
    snapshot!("page_json_last", env.run("track sessions --limit 1 --after s-2 --format json"));
    snapshot!("page_markdown", env.run("ctx list --limit 1 --format markdown"));
    snapshot!("page_after_unknown", env.run("track query --after e-9"));
    snapshot!("page_after_unknown_output", env.run("outputs query --after out-xyz"));
    snapshot!("page_after_no_id", env.run("track sessions --after 'no id'"));
}
