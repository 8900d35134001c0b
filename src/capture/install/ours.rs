//! Which entries of a settings file are sortie's own, in whatever form they were written.

use super::command::{is_sortie, shell_words};
use super::harness::Harness;
use super::spans::{Member, Span, elements, member, members};
use serde_json::Value;

/// An entry of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Ours {
    /// The event's place among the members of `hooks`, and its name.
    pub event: usize,
    pub name: String,
    /// The place of its group in the event.
    pub group: usize,
    /// Its own place in the group.
    pub handler: usize,
    /// Whether nothing else is in the group.
    pub alone: bool,
    /// What of the event the group is for.
    pub matcher: Option<String>,
    pub value: Value,
}

impl Ours {
    /// What it calls sortie by.
    pub fn command(&self) -> String {
        words(&self.value).and_then(|words| words.into_iter().next()).unwrap_or_default()
    }
}

/// The object that `hooks` is, if there is one.
pub fn hooks(text: &str, root: &Span) -> Option<Member> {
    member(text, root, "hooks")
}

/// Every entry of ours for `harness` in the object at `hooks`, in order.
pub fn find(text: &str, hooks: &Span, harness: Harness) -> Vec<Ours> {
    let mut found = Vec::new();
    for (event, it) in members(text, hooks).unwrap_or_default().into_iter().enumerate() {
        for (group, span) in elements(text, &it.value).unwrap_or_default().iter().enumerate() {
            let Some(list) = member(text, span, "hooks") else { continue };
            let handlers = elements(text, &list.value).unwrap_or_default();
            let matcher = member(text, span, "matcher");
            let matcher = matcher.and_then(|it| serde_json::from_str(&text[it.value]).ok());
            for (handler, span) in handlers.iter().enumerate() {
                let Ok(value) = serde_json::from_str(&text[span.clone()]) else { continue };
                if is_ours(&value, harness) {
                    let (name, matcher) = (it.name.clone(), matcher.clone());
                    let alone = handlers.len() == 1;
                    found.push(Ours { event, name, group, handler, alone, matcher, value });
                }
            }
        }
    }
    found
}

/// The words that a handler calls, with or without a shell.
fn words(handler: &Value) -> Option<Vec<String>> {
    let command = handler.get("command")?.as_str()?;
    match handler.get("args") {
        None => shell_words(command),
        Some(args) => {
            let args = args.as_array()?.iter().map(|it| it.as_str().map(str::to_owned));
            std::iter::once(Some(command.to_owned())).chain(args).collect()
        }
    }
}

fn is_ours(handler: &Value, harness: Harness) -> bool {
    let words = words(handler).unwrap_or_default();
    let is_hook = |rest: &[String]| rest.starts_with(&["hook".into(), harness.name().into()]);
    words.split_first().is_some_and(|(program, rest)| is_sortie(program) && is_hook(rest))
}

/// Whether an entry calls what it should, in the form it should. Its time limit and further
/// arguments are the user's.
pub fn is_current(handler: &Value, wanted: &Value) -> bool {
    let form = |it: &Value| it.get("args").is_some();
    form(handler) == form(wanted)
        && handler.get("type") == wanted.get("type")
        && match (words(handler), words(wanted)) {
            (Some(there), Some(wanted)) => there.starts_with(&wanted),
            _ => false,
        }
}
