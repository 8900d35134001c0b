//! An agent that is woken again: what it said at the end of each turn, and what its caller got of it.

use super::world::{BACK, INNER, OUTER, event, story, tell};
#[cfg(feature = "mcp")]
use super::world::{SESSION, asked};
use crate::env::TestEnv;
use serde_json::json;

/// The story, with a report in the first turn of which the caller got the end.
fn woken() -> TestEnv {
    let env = TestEnv::empty();
    for (at, mut it) in story(&env).into_iter().enumerate() {
        if it["hook_event_name"] == "SubagentStop" && it["last_assistant_message"] == "11 tests." {
            it["last_assistant_message"] = json!("\n# Tests\n\nI read them all.\n\n11 tests.");
        }
        tell(&env, at, &it);
    }
    env
}

#[test]
fn every_turn_is_shown_and_printed() {
    let env = woken();
    let show = format!("track show {}", BACK.0);
    snapshot!("show", env.run(&show));
    snapshot!("markdown", env.run(&format!("{show} --format markdown")));
    snapshot!("json", env.run(&format!("{show} --format json")));
    snapshot!("first", env.run(&format!("{show} --turn 1")));
    snapshot!("first_delivered", env.run(&format!("{show} --turn 1 --delivered")));
    snapshot!("last_delivered", env.run(&format!("{show} --delivered")));
    let message = env.ok(&format!("{show} --message")).stdout;
    assert_eq!(env.ok(&format!("{show} --turn 2")).stdout, message);
    snapshot!("third", env.run(&format!("{show} --turn 3")));
    snapshot!("earlier_and_turn", env.run(&format!("{show} --message --earlier 1 --turn 1")));
    // Of one turn there is nothing more to say.
    let one = env.ok(&format!("track show {} --format json", OUTER.0)).json();
    assert_eq!(one["capture"]["turns"].as_array().unwrap().len(), 1);
    snapshot!("not_delivered", env.run(&format!("track show {} --delivered", INNER.0)));
}

#[test]
fn what_was_recorded_by_hand_has_no_turns() {
    let env = TestEnv::deployed("exec-1");
    env.ok("track record-completion --execution-id exec-1 --final-message Done.");
    snapshot!("by_hand", env.run("track show exec-1 --turn 1"));
    snapshot!("by_hand_delivered", env.run("track show exec-1 --delivered"));
}

/// A message of which nobody got more than its end, whole and as it was delivered.
#[test]
fn long_messages_are_printed_whole() {
    let env = TestEnv::empty();
    let whole = format!("# Report\n\n{}\nThe end.", "A line of the report.\n".repeat(3_000));
    for (at, mut it) in story(&env).into_iter().enumerate() {
        if it["hook_event_name"] == "SubagentStop" && it["agent_id"] == OUTER.1 {
            it["last_assistant_message"] = json!(whole);
        }
        tell(&env, at, &it);
    }
    let show = format!("track show {}", OUTER.0);
    let printed =
        |option: &str| String::from_utf8(env.ok(&format!("{show} {option}")).stdout).unwrap();
    assert_eq!(printed("--message"), whole);
    assert_eq!(printed("--turn 1"), whole);
    assert_eq!(printed("--delivered"), "## Result\n\nThe parser is sound; the lexer is not.");
    let cut = "its caller got 49 of 66,019 bytes (--delivered); all of it is here";
    assert!(printed("").contains(cut));
}

/// Secrets are taken out of earlier turns as they are of the last.
#[test]
fn turns_are_kept_without_secrets() {
    let env = TestEnv::empty();
    let key = format!("AKIA{}", "QYLPMN5HFIQR7XYA");
    let stop = |message: &str| {
        let more = json!({ "agent_id": "a-1", "agent_type": "reviewer", "last_assistant_message": message });
        event(&env, "SubagentStop", more)
    };
    tell(
        &env,
        1,
        &event(&env, "SubagentStart", json!({ "agent_id": "a-1", "agent_type": "reviewer" })),
    );
    tell(&env, 2, &stop(&format!("The key is {key}.")));
    tell(&env, 3, &stop("There is none."));
    let shown = env.ok("track show latest --turn 1").stdout;
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.starts_with("The key is ") && !shown.contains(&key), "{shown}");
}

#[cfg(feature = "mcp")]
#[test]
fn the_server_gives_each_turn() {
    let env = woken();
    let mut seen = String::new();
    for arguments in [
        json!({ "execution_id": BACK.0, "turn": 1 }),
        json!({ "execution_id": BACK.0, "turn": 1, "part": "delivered" }),
        json!({ "execution_id": BACK.0, "turn": 9 }),
        json!({ "execution_id": BACK.0, "turn": 1, "part": "briefing" }),
        json!({ "execution_id": INNER.0, "part": "delivered" }),
        json!({ "execution_id": BACK.0 }),
        json!({ "session_id": SESSION }),
    ] {
        let answer = asked(&env, "show", arguments.clone());
        let text = answer["content"][0]["text"].as_str().unwrap();
        seen += &format!(">> show {arguments}\n{}\n\n", text.trim_end());
    }
    let answer = asked(&env, "show", json!({ "execution_id": OUTER.0 }));
    let capture = &answer["structuredContent"]["result"]["deployment"]["capture"];
    seen += &serde_json::to_string_pretty(capture).unwrap();
    snapshot!("server", env.clean(&seen));
}
