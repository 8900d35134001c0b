//! Laws of editing, on settings of any content and in any manner of writing; and who writes meanwhile.

use super::edit::{Style, append, remove};
use super::harness::Harness;
use super::hooks::{hooks_object, with_ours, without_ours};
use super::ours::{find, hooks};
use super::server::{Refused, with_server, without_server};
use super::spans::{children, elements, members, root};
use super::target::{Scope, Target};
use super::write;
use crate::model::Timestamp;
use proptest::prelude::*;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

/// Any value; objects and arrays may be empty.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        r#"[a-z"\\{}\[\],: \n\u{e9}\u{1f600}]{0,8}"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z\"\\\\{]{0,5}", inner), 0..4)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

/// What somebody else has called.
fn handler() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({ "type": "command", "command": "./check.sh", "timeout": 60 })),
        Just(json!({ "type": "command", "command": "sortie hook claude-code | tee log" })),
        Just(json!({ "type": "command", "command": "sortie", "args": ["doctor"] })),
        Just(json!({ "type": "prompt", "prompt": "Is it \"done\"? }]" })),
        value(),
    ]
}

fn groups() -> impl Strategy<Value = Value> {
    let group = (prop::option::of("[A-Z*|]{0,6}"), prop::collection::vec(handler(), 1..3));
    let group = group.prop_map(|(matcher, handlers)| {
        let mut group = Map::new();
        group.extend(matcher.map(|it| ("matcher".to_owned(), it.into())));
        group.insert("hooks".to_owned(), handlers.into());
        Value::Object(group)
    });
    prop::collection::vec(group, 1..3).prop_map(Value::from)
}

/// Settings with others' hooks, at our events and elsewhere.
fn settings() -> impl Strategy<Value = Value> {
    let events = prop::sample::subsequence(
        vec!["PreToolUse", "Stop", "SubagentStop", "SessionStart", "Mine"],
        1..4,
    );
    let hooks = events.prop_flat_map(|events| {
        let count = events.len();
        prop::collection::vec(groups(), count)
            .prop_map(move |all| events.iter().map(|it| (*it).to_owned()).zip(all).collect())
    });
    let hooks = prop::option::of(hooks.prop_map(Value::Object));
    let rest = prop::collection::vec(("[a-z$]{1,6}", value()), 0..4);
    (rest, hooks, any::<prop::sample::Index>()).prop_map(|(rest, hooks, at)| {
        let mut all: Vec<(String, Value)> = rest;
        all.retain(|(name, _)| name != "hooks");
        if let Some(hooks) = hooks {
            all.insert(at.index(all.len() + 1), ("hooks".to_owned(), hooks));
        }
        Value::Object(all.into_iter().collect())
    })
}

/// A manner of writing.
#[derive(Debug, Clone)]
enum Manner {
    Minified,
    Indented(&'static str, &'static str),
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        Just(Manner::Minified),
        (
            prop::sample::select(vec!["  ", "    ", "\t", "   "]),
            prop::sample::select(vec!["\n", "\r\n"])
        )
            .prop_map(|(indent, newline)| Manner::Indented(indent, newline)),
    ]
}

fn written(value: &Value, manner: &Manner) -> String {
    match manner {
        Manner::Minified => value.to_string(),
        Manner::Indented(indent, newline) => {
            let mut out = Vec::new();
            let formatter = PrettyFormatter::with_indent(indent.as_bytes());
            let mut serializer = Serializer::with_formatter(&mut out, formatter);
            serde::Serialize::serialize(value, &mut serializer).unwrap();
            String::from_utf8(out).unwrap().replace('\n', newline) + newline
        }
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn parts_are_found_where_they_stand(value in value(), manner in manner()) {
        let text = written(&value, &manner);
        let whole = root(&text);
        prop_assert_eq!(parsed(&text[whole.clone()]), value.clone());
        match &value {
            Value::Array(all) => {
                let found = elements(&text, &whole).unwrap();
                let found: Vec<Value> = found.into_iter().map(|it| parsed(&text[it])).collect();
                prop_assert_eq!(&found, all);
            }
            Value::Object(all) => {
                let found = members(&text, &whole).unwrap();
                let found: Vec<_> =
                    found.into_iter().map(|it| (it.name, parsed(&text[it.value]))).collect();
                let all: Vec<_> = all.clone().into_iter().collect();
                prop_assert_eq!(found, all);
            }
            _ => prop_assert!(children(&text, &whole).is_empty()),
        }
    }

    #[test]
    fn what_is_appended_can_be_removed(value in value(), new in value(), manner in manner()) {
        let text = written(&value, &manner);
        let whole = root(&text);
        let name = match &value {
            Value::Array(_) => None,
            Value::Object(_) => Some("new \"one\""),
            _ => return Ok(()),
        };
        let more = append(&text, &Style::of(&text, &whole), &whole, name, &new);
        parsed(&more);
        let last = children(&more, &root(&more)).len() - 1;
        prop_assert_eq!(remove(&more, &root(&more), last), text);
    }

    #[test]
    fn installing_keeps_all_else_and_uninstalling_gives_it_back(
        settings in settings(), manner in manner(), harness in prop::sample::select(&Harness::ALL)
    ) {
        let text = written(&settings, &manner);
        let Ok(more) = with_ours(&text, harness, "sortie") else { return Ok(()) };
        // Ours are there, each once.
        let there = hooks(&more, &root(&more)).unwrap();
        let ours = find(&more, &there.value, harness);
        let mut names: Vec<_> = ours.iter().map(|it| it.name.as_str()).collect();
        names.sort();
        let mut wanted: Vec<_> = harness.events().iter().map(|it| it.name).collect();
        wanted.sort();
        prop_assert_eq!(names, wanted);
        // A second time there is nothing to do.
        prop_assert_eq!(&with_ours(&more, harness, "sortie").unwrap(), &more);
        // Everything else is as it was, to the byte.
        let after = without_ours(&more, harness);
        prop_assert_eq!(parsed(&after), settings);
        prop_assert_eq!(&after, &text);
        // Another path replaces the entries in their places.
        let moved = with_ours(&more, harness, "/opt/my tools/sortie").unwrap();
        prop_assert_eq!(&without_ours(&moved, harness), &text);
        prop_assert_eq!(with_ours(&moved, harness, "sortie").unwrap(), more);
    }

    #[test]
    fn a_server_comes_and_goes(servers in prop::collection::vec(("[a-z]{1,8}", value()), 0..3), manner in manner()) {
        let servers: Map<String, Value> = servers.into_iter().filter(|it| it.0 != "sortie").collect();
        let mut file = Map::new();
        if !servers.is_empty() {
            file.insert("mcpServers".to_owned(), servers.into());
        }
        let text = written(&file.into(), &manner);
        let more = with_server(&text, "sortie").unwrap();
        prop_assert_eq!(&parsed(&more)["mcpServers"]["sortie"]["args"], &json!(["mcp"]));
        prop_assert_eq!(&with_server(&more, "sortie").unwrap(), &more);
        prop_assert_eq!(without_server(&more), text);
    }
}

/// What is no entry of ours is never taken for one.
#[test]
fn only_ours_is_ours() {
    let is_found = |handler: Value| {
        let text = json!({ "hooks": { "Stop": [{ "hooks": [handler] }] } }).to_string();
        let there = hooks(&text, &root(&text)).unwrap();
        !find(&text, &there.value, Harness::ClaudeCode).is_empty()
    };
    for ours in [
        json!({ "command": "sortie hook claude-code" }),
        json!({ "command": "/usr/local/bin/sortie hook claude-code", "type": "command" }),
        json!({ "command": "'/my tools/sortie' hook claude-code --db x" }),
        json!({ "command": "$HOME/.cargo/bin/sortie hook claude-code" }),
        json!({ "command": "/x/sortie", "args": ["hook", "claude-code"] }),
        json!({ "command": r"C:\bin\sortie.exe", "args": ["hook", "claude-code"] }),
    ] {
        assert!(is_found(ours.clone()), "{ours}");
    }
    for other in [
        json!({ "command": "sortie hook codex" }),
        json!({ "command": "sortie hook claude-code && make" }),
        json!({ "command": "sorties hook claude-code" }),
        json!({ "command": "sortie", "args": ["hook"] }),
        json!({ "command": "sortie", "args": ["hook", 1] }),
        json!({ "command": "echo sortie hook claude-code" }),
        json!({ "prompt": "sortie hook claude-code" }),
        json!("sortie hook claude-code"),
        json!(null),
    ] {
        assert!(!is_found(other.clone()), "{other}");
    }
}

#[test]
fn another_server_of_our_name_stays() {
    let text = r#"{"mcpServers":{"sortie":{"command":"npx","args":["sortie-airlines"]}}}"#;
    assert_eq!(with_server(text, "sortie"), Err(Refused::Taken));
    assert_eq!(without_server(text), text);
}

#[test]
fn a_time_limit_of_the_users_stays() {
    let mut hooks = hooks_object(Harness::ClaudeCode, "sortie");
    hooks["SubagentStop"][0]["hooks"][0]["timeout"] = 30.into();
    let text = json!({ "hooks": hooks }).to_string();
    assert_eq!(with_ours(&text, Harness::ClaudeCode, "sortie").unwrap(), text);
}

#[test]
fn who_writes_in_the_meantime_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("settings.json");
    let list = || {
        let entries = std::fs::read_dir(dir.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let now: Timestamp = "2025-01-17T09:30:00Z".parse().unwrap();
    let target = |before: Option<&str>| Target {
        path: path.clone(),
        real: path.clone(),
        before: before.map(Into::into),
    };
    let attempt = |before| {
        write::replace(&target(before), b"{}", Scope::Project, Some(now)).unwrap_err().to_string()
    };
    std::fs::write(&path, "theirs").unwrap();
    for before in [None, Some("what it was")] {
        assert!(attempt(before).ends_with("was changed by somebody else in the meantime"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(list(), ["settings.json"]);
    }
    assert!(write::remove(&target(Some("other")), 0).is_err());
    // Each backup has a name of its own.
    for text in ["theirs", "{}", "{}"] {
        write::replace(&target(Some(text)), b"{}", Scope::Project, Some(now)).unwrap();
    }
    assert_eq!(list().len(), 4);
    let kept = write::backups(&path);
    assert_eq!(kept.len(), 3);
    assert_eq!(std::fs::read_to_string(&kept[2]).unwrap(), "theirs");
}
