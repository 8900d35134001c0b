//! Puts our hooks into the text of a settings file, and takes them out.

use super::edit::{Style, append, remove, replace};
use super::harness::{Event, Harness};
use super::ours::{Ours, find, hooks, is_current};
use super::spans::{Span, elements, member, members, root};
use serde_json::{Map, Value, json};

/// A part of the text that is not what the harness takes there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherShape {
    /// Where, as `hooks.PreToolUse`.
    pub at: String,
    /// `an object` or `an array`.
    pub wanted: &'static str,
}

/// The whole `hooks` object that has `command` called: what goes into settings that have none.
pub fn hooks_object(harness: Harness, command: &str) -> Value {
    let group = |event: &Event| (event.name.to_owned(), json!([group(harness, event, command)]));
    Value::Object(harness.events().iter().map(group).collect())
}

fn group(harness: Harness, event: &Event, command: &str) -> Value {
    let mut group = Map::new();
    if let Some(matcher) = event.matcher {
        group.insert("matcher".to_owned(), matcher.into());
    }
    group.insert("hooks".to_owned(), json!([harness.handler(command)]));
    Value::Object(group)
}

/// The text with our hooks: those of another form or place are replaced, those that are right stay.
pub fn with_ours(text: &str, harness: Harness, command: &str) -> Result<String, OtherShape> {
    let style = Style::of(text, &root(text));
    check(text, harness)?;
    let Some(there) = hooks(text, &root(text)) else {
        let all = hooks_object(harness, command);
        return Ok(append(text, &style, &root(text), Some("hooks"), &all));
    };
    let wanted = Wanted { harness, command };
    let mut text = match members(text, &there.value).is_some_and(|it| it.is_empty()) {
        true => return Ok(replace(text, &style, &there.value, &hooks_object(harness, command))),
        false => text.to_owned(),
    };
    // One change at a time: each moves what comes behind it.
    while let Some(change) = wanted.next_change(&text) {
        text = change.made(&text, &style, wanted);
    }
    Ok(text)
}

/// The text without our hooks, and without what they alone were in.
pub fn without_ours(text: &str, harness: Harness) -> String {
    let mut text = text.to_owned();
    let first =
        |text: &str| find(text, &hooks(text, &root(text))?.value, harness).into_iter().next();
    while let Some(ours) = first(&text) {
        text = without(&text, &ours);
    }
    text
}

/// What is in our way: only what we would have to write into is looked at.
fn check(text: &str, harness: Harness) -> Result<(), OtherShape> {
    let other = |at: &str, wanted| Err(OtherShape { at: at.to_owned(), wanted });
    if members(text, &root(text)).is_none() {
        return other("", "an object");
    }
    let Some(there) = hooks(text, &root(text)) else { return Ok(()) };
    if members(text, &there.value).is_none() {
        return other("hooks", "an object");
    }
    for event in harness.events() {
        let there = member(text, &there.value, event.name);
        if there.is_some_and(|it| elements(text, &it.value).is_none()) {
            return other(&format!("hooks.{}", event.name), "an array");
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Wanted<'c> {
    harness: Harness,
    command: &'c str,
}

/// One thing that is not as it should be.
enum Change {
    /// An entry in another form, alone in its group.
    Replace(Ours, &'static Event),
    /// An entry too many.
    Remove(Ours),
    /// An entry at an event that is none of ours.
    Leave(Ours),
    /// An event without an entry.
    Add(&'static Event),
}

impl Wanted<'_> {
    fn next_change(self, text: &str) -> Option<Change> {
        let there = hooks(text, &root(text))?;
        let ours = find(text, &there.value, self.harness);
        let events = self.harness.events();
        let right = |event: &Event| ours.iter().position(|it| self.is_right(it, event));
        for (at, it) in ours.iter().enumerate() {
            match events.iter().find(|event| event.name == it.name) {
                Some(event) if right(event) == Some(at) => {}
                Some(event) if right(event).is_none() && it.alone => {
                    return Some(Change::Replace(it.clone(), event));
                }
                Some(_) => return Some(Change::Remove(it.clone())),
                None => return Some(Change::Leave(it.clone())),
            }
        }
        events.iter().find(|event| right(event).is_none()).map(Change::Add)
    }

    fn is_right(self, ours: &Ours, event: &Event) -> bool {
        ours.name == event.name
            && ours.matcher.as_deref() == event.matcher
            && is_current(&ours.value, &self.harness.handler(self.command))
    }
}

impl Change {
    fn made(self, text: &str, style: &Style, wanted: Wanted<'_>) -> String {
        let there = hooks(text, &root(text)).expect("there is a change only where there are hooks");
        let group = |event| group(wanted.harness, event, wanted.command);
        match self {
            Change::Remove(ours) => without_entry(text, &ours),
            Change::Leave(ours) => without_event(text, &ours),
            Change::Replace(ours, event) => {
                let groups = groups(text, &there.value, &ours);
                let parts = elements(text, &groups).expect("ours was found in an array");
                replace(text, style, &parts[ours.group], &group(event))
            }
            Change::Add(event) => match member(text, &there.value, event.name) {
                Some(it) => append(text, style, &it.value, None, &group(event)),
                None => append(text, style, &there.value, Some(event.name), &json!([group(event)])),
            },
        }
    }
}

/// The array of groups that an entry of ours is in.
fn groups(text: &str, hooks: &Span, ours: &Ours) -> Span {
    let events = members(text, hooks).expect("ours was found in an object");
    events[ours.event].value.clone()
}

/// Without the entry, and without its group if it was alone there.
fn without_entry(text: &str, ours: &Ours) -> String {
    let hooks = hooks(text, &root(text)).expect("ours was found in it");
    let groups = groups(text, &hooks.value, ours);
    if ours.alone {
        return remove(text, &groups, ours.group);
    }
    let group = &elements(text, &groups).expect("ours was found in an array")[ours.group];
    let list = member(text, group, "hooks").expect("ours was found in it");
    remove(text, &list.value, ours.handler)
}

/// The same, and without the event if nothing else was in it.
fn without_event(text: &str, ours: &Ours) -> String {
    let text = without_entry(text, ours);
    let there = hooks(&text, &root(&text)).expect("it was there");
    let groups = groups(&text, &there.value, ours);
    match elements(&text, &groups).is_some_and(|it| it.is_empty()) {
        true => remove(&text, &there.value, ours.event),
        false => text,
    }
}

/// The same, and without `hooks` if nothing else was in them.
fn without(text: &str, ours: &Ours) -> String {
    let text = without_event(text, ours);
    let there = hooks(&text, &root(&text)).expect("it was there");
    match members(&text, &there.value).is_some_and(|it| it.is_empty()) {
        true => without_member(&text, "hooks"),
        false => text,
    }
}

/// Without a member of the outermost object.
pub fn without_member(text: &str, name: &str) -> String {
    let whole = root(text);
    let members = members(text, &whole).unwrap_or_default();
    match members.iter().rposition(|it| it.name == name) {
        Some(index) => remove(text, &whole, index),
        None => text.to_owned(),
    }
}
