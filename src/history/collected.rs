//! Outputs on record: of each thing (a file, a gate) a series of states, of which the last counts.

use super::History;
use crate::error::Result;
use crate::model::{ExecutionId, Output, OutputId, OutputType};
use crate::secrets::Finding;
use crate::store::{OutputFilter, Writer, content};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;

/// What was collected.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Collected {
    pub execution_id: ExecutionId,
    /// All that was named, whether new or not.
    pub outputs: Vec<Output>,
    /// How many of them were not on record yet.
    pub added: usize,
    /// Deliverables that are not there.
    pub missing: Vec<String>,
    /// Secrets that were taken out of its texts before they were stored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redacted: Vec<Finding>,
}

impl History<'_> {
    /// Records outputs of one execution; what is the last state of its thing already adds nothing.
    pub fn collect(&self, id: &ExecutionId, outputs: Vec<Output>) -> Result<Collected> {
        match outputs.is_empty() {
            true => Ok(collected(id.clone(), outputs, 0)),
            false => self.store.write(|w| record(w, id, outputs, Again::IfChanged)),
        }
    }
}

/// When a thing that is on record is recorded again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    IfChanged,
    Never,
}

/// Records outputs inside a transaction.
pub(super) fn record(
    w: &Writer<'_>,
    id: &ExecutionId,
    mut outputs: Vec<Output>,
    again: Again,
) -> Result<Collected> {
    let of_this =
        OutputFilter { execution_id: Some(id.clone()), limit: u32::MAX, ..OutputFilter::default() };
    let mut series: HashMap<(OutputType, String), Vec<Output>> = HashMap::new();
    for output in w.outputs(&of_this)?.into_iter().rev() {
        series.entry(thing(&output)).or_default().push(output);
    }
    let mut added = 0;
    for output in &mut outputs {
        let states = series.entry(thing(output)).or_default();
        match states.last() {
            Some(last) if again == Again::Never || is_same(last, output) => {
                output.output_id = last.output_id.clone();
            }
            last => {
                // A clock may be set back; what counts is what was written last.
                let at = last.map_or(output.created_at, |last| last.created_at);
                output.created_at = output.created_at.max(at);
                output.output_id = name(output, states.len())?;
                w.insert_output(output)?;
                states.push(output.clone());
                added += 1;
            }
        }
    }
    Ok(collected(id.clone(), outputs, added))
}

fn collected(execution_id: ExecutionId, outputs: Vec<Output>, added: usize) -> Collected {
    let text =
        |output: &Output, key| output.content.get(key).and_then(Value::as_str).map(str::to_owned);
    let is_missing = |output: &&Output| output.content.get("exists") == Some(&Value::Bool(false));
    let missing =
        outputs.iter().filter(is_missing).filter_map(|it| text(it, "file_path")).collect();
    Collected { execution_id, outputs, added, missing, redacted: Vec::new() }
}

fn thing(output: &Output) -> (OutputType, String) {
    (output.output_type, output.subject().to_owned())
}

/// A text is the same whatever else is said with it.
fn is_same(last: &Output, new: &Output) -> bool {
    match new.output_type {
        OutputType::Insight | OutputType::Error => true,
        OutputType::Deliverable | OutputType::ValidationResult => {
            last.content == new.content && last.metadata == new.metadata
        }
    }
}

/// An id from what the output is and its place in the series.
fn name(output: &Output, place: usize) -> Result<OutputId> {
    let Output { execution_id, output_type, content, .. } = output;
    let hash =
        content::hash(format!("{execution_id}\0{output_type}\0{place}\0{content}").as_bytes());
    Ok(OutputId::new(format!("out-{}", &hash[..16]))?)
}
