//! Texts of an export without their secrets: what recording them here would have stored.
//!
//! They are looked through before the transaction that writes them. What is on record just as the file
//! has it stays so: messages that were kept with their secrets, brought in again where they came from,
//! contradict nothing. Contents are named after their bytes and come as they are; which of them hold
//! secrets is remembered, so that bundles that go out with them can be told.

use super::lines::{ExecutionLine, Line, OutputLine, SessionLine};
use crate::history::redaction::Stored;
use crate::model::{Bundle, ExecutionStatus, Output, OutputType, SessionRecord};
use crate::secrets::{self, Allowances, Confidence, Finding};
use rayon::prelude::*;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// What is stored of a text, and the secrets that were taken out of it.
type Clean = (Vec<u8>, Vec<Finding>);

/// What some lines of an export would have been recorded as.
pub struct Cleaning<'w> {
    stored: Stored<'w>,
    /// By the text in the file; only those with secrets.
    texts: HashMap<Vec<u8>, Clean>,
    held: Held,
}

/// What contents hold that may not go out, by their hash.
pub type Held = HashMap<String, Vec<Finding>>;

/// A line as it is stored, and what was taken out of it beyond what is on record.
pub struct Cleaned<'l, T: Clone> {
    pub line: Cow<'l, T>,
    pub taken: Vec<Finding>,
}

impl<'l, T: Clone> Cleaned<'l, T> {
    fn as_it_is(line: &'l T) -> Self {
        Cleaned { line: Cow::Borrowed(line), taken: Vec::new() }
    }
}

impl<'w> Cleaning<'w> {
    /// Looks some lines through, and the contents among them.
    pub fn of(
        stored: Stored<'w>,
        batch: &[(u64, Line)],
        contents: &[(&str, Cow<'_, [u8]>)],
    ) -> Cleaning<'w> {
        if stored.keep {
            return Cleaning { stored, texts: HashMap::new(), held: Held::new() };
        }
        let found = |text: Cow<'_, [u8]>| {
            let clean = stored.redacted(&text)?;
            Some((text.into_owned(), clean))
        };
        let texts = batch.par_iter().flat_map_iter(|(_, line)| texts(line)).filter_map(found);
        let found_in = |(hash, bytes): &(&str, Cow<'_, [u8]>)| {
            let mut found = secrets::scan_bytes(bytes);
            found.retain(|it| it.confidence == Confidence::High);
            (!found.is_empty()).then(|| ((*hash).to_owned(), found))
        };
        let held = contents.par_iter().filter_map(found_in);
        Cleaning { stored, texts: texts.collect(), held: held.collect() }
    }

    /// What was found in the contents among these lines.
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Whether a bundle goes out with what may not.
    pub fn is_secret_bundle(&self, held: &Held, bundle: &Bundle) -> bool {
        let mut items = bundle.context_items.iter();
        items.any(|it| self.is_secret(held, &it.content_hash, Some(&it.source)))
    }

    /// Whether a content, of that file if it is of one, may not go out.
    pub fn is_secret(&self, held: &Held, hash: &str, source: Option<&str>) -> bool {
        let allowances = Allowances::new(self.stored.allow);
        held.get(hash).is_some_and(|it| it.iter().any(|it| !allowances.allows(it, source)))
    }

    pub fn session<'l>(
        &self,
        given: &'l SessionLine,
        recorded: Option<&SessionRecord>,
    ) -> Cleaned<'l, SessionLine> {
        if self.texts.is_empty() {
            return Cleaned::as_it_is(given);
        }
        let (mut line, mut taken) = (given.clone(), Vec::new());
        let session = &mut line.session;
        self.text(&mut session.scope, recorded.map(|it| &*it.scope), &mut taken);
        if let Some(reason) = &mut session.error_message {
            let recorded = recorded.and_then(|it| it.error_message.as_deref());
            self.text(reason, recorded, &mut taken);
        }
        Cleaned { line: Cow::Owned(line), taken }
    }

    pub fn execution<'l>(
        &self,
        given: &'l ExecutionLine,
        recorded: Option<&ExecutionLine>,
    ) -> Cleaned<'l, ExecutionLine> {
        if self.texts.is_empty() {
            return Cleaned::as_it_is(given);
        }
        let (mut line, mut taken) = (given.clone(), Vec::new());
        let taken = &mut taken;
        let on_record = recorded.map(endings).unwrap_or_default();
        let on_record = |at: usize| on_record.get(at).cloned().unwrap_or_default();
        let scope = recorded.map(|it| &*it.execution.scope);
        self.text(&mut line.execution.scope, scope, taken);
        for (at, version) in line.earlier_completions.iter_mut().enumerate() {
            let ending = on_record(at);
            if let Some(text) = &mut version.error_message {
                self.text(text, ending.error, taken);
            }
            if let Some(message) = self.message(version.message(), &ending, taken) {
                version.set_message(message);
            }
        }
        let ending = on_record(line.earlier_completions.len());
        if let Some(text) = &mut line.execution.error_message {
            self.text(text, ending.error, taken);
        }
        if let Some(message) = self.message(line.message(), &ending, taken) {
            line.set_message(message);
        }
        Cleaned { line: Cow::Owned(line), taken: std::mem::take(taken) }
    }

    pub fn output<'l>(
        &self,
        given: &'l OutputLine,
        recorded: Option<&Output>,
    ) -> Cleaned<'l, OutputLine> {
        let Some(text) = said(&given.output).filter(|_| !self.texts.is_empty()) else {
            return Cleaned::as_it_is(given);
        };
        let (mut text, mut taken) = (text.to_owned(), Vec::new());
        self.text(&mut text, recorded.and_then(said), &mut taken);
        let mut line = given.clone();
        line.output.content["text"] = Value::String(text);
        Cleaned { line: Cow::Owned(line), taken }
    }

    fn message(
        &self,
        given: Result<Option<Cow<'_, [u8]>>, String>,
        recorded: &Ending<'_>,
        taken: &mut Vec<Finding>,
    ) -> Option<Vec<u8>> {
        self.stored(&given.ok()??, recorded.message.as_deref(), taken)
    }

    fn text(&self, text: &mut String, recorded: Option<&str>, taken: &mut Vec<Finding>) {
        if let Some(clean) = self.stored(text.as_bytes(), recorded.map(str::as_bytes), taken) {
            *text = String::from_utf8_lossy(&clean).into_owned();
        }
    }

    /// What is stored in the place of a text with secrets that is not on record just so.
    fn stored(
        &self,
        given: &[u8],
        recorded: Option<&[u8]>,
        taken: &mut Vec<Finding>,
    ) -> Option<Vec<u8>> {
        let (clean, found) = self.texts.get(given).filter(|_| recorded != Some(given))?;
        if recorded != Some(clean.as_slice()) {
            taken.extend(found.iter().cloned());
        }
        Some(clean.clone())
    }
}

/// The texts of a line that recording looks through.
fn texts(line: &Line) -> Vec<Cow<'_, [u8]>> {
    match line {
        Line::Session(it) => {
            let texts = [Some(&it.session.scope), it.session.error_message.as_ref()];
            texts.into_iter().flatten().map(|it| it.as_bytes().into()).collect()
        }
        Line::Execution(it) => {
            let endings = endings(it).into_iter();
            let said = endings.flat_map(|it| [it.error.map(|it| it.as_bytes().into()), it.message]);
            [it.execution.scope.as_bytes().into()].into_iter().chain(said.flatten()).collect()
        }
        Line::Output(it) => said(&it.output).map(|it| it.as_bytes().into()).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// What was said at one completion.
#[derive(Clone, Default)]
struct Ending<'l> {
    error: Option<&'l str>,
    message: Option<Cow<'l, [u8]>>,
}

/// The completions of an execution, oldest first.
fn endings(line: &ExecutionLine) -> Vec<Ending<'_>> {
    let earlier = line.earlier_completions.iter().map(|it| Ending {
        error: it.error_message.as_deref(),
        message: it.message().ok().flatten(),
    });
    let last = (line.execution.status != ExecutionStatus::Deployed).then(|| Ending {
        error: line.execution.error_message.as_deref(),
        message: line.message().ok().flatten(),
    });
    earlier.chain(last).collect()
}

/// The text of an insight or an error.
fn said(output: &Output) -> Option<&str> {
    match output.output_type {
        OutputType::Insight | OutputType::Error => output.content.get("text")?.as_str(),
        OutputType::Deliverable | OutputType::ValidationResult => None,
    }
}
