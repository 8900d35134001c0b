//! Two deployments beside each other: what they were given, and what came of it.

use super::Outputs;
use super::gather::{latest_deliverables, latest_gates};
use super::message::MessageDiff;
use crate::context::{Change, ItemChanges, Part, compare};
use crate::error::Result;
use crate::history::ExecutionDetail;
use crate::model::{Deliverable, ExecutionId, ExecutionRecord, GateResult, Output, OutputType};
use serde::Serialize;
use std::collections::BTreeMap;

/// How two deployments differ, from A to B.
#[derive(Debug, Clone, Serialize)]
pub struct DeploymentDiff {
    /// One deployment, without its final message.
    pub a: ExecutionRecord,
    /// The other.
    pub b: ExecutionRecord,
    /// What they were given; what was left out to fit is not part of it.
    pub context: ItemChanges,
    pub message: MessageDiff,
    pub outputs: OutputsDiff,
}

/// How the outputs of two executions differ, from A to B. Of each thing the last state counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutputsDiff {
    pub a: ExecutionId,
    pub b: ExecutionId,
    /// In the order of their paths.
    pub deliverables: Vec<DeliverableChange>,
    /// In the order of their names.
    pub gates: Vec<GateChange>,
    pub insights: Vec<TextChange>,
    pub errors: Vec<TextChange>,
}

/// One file in both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeliverableChange {
    /// By what is there: existence and hash.
    pub change: Change,
    pub file_path: String,
    /// As A left it.
    pub a: Option<Deliverable>,
    /// As B left it.
    pub b: Option<Deliverable>,
}

/// One gate in both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateChange {
    pub change: Change,
    pub name: String,
    pub a: Option<GateResult>,
    pub b: Option<GateResult>,
}

/// An insight or an error; a text does not change, it is there or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TextChange {
    pub change: Change,
    pub text: String,
}

impl Outputs<'_> {
    /// Compares two deployments whole.
    pub fn compare_deployments(&self, a: &ExecutionId, b: &ExecutionId) -> Result<DeploymentDiff> {
        let (mut a, mut b) = (self.history.show(a)?, self.history.show(b)?);
        let (of_a, of_b) = (a.execution.final_message.take(), b.execution.final_message.take());
        Ok(DeploymentDiff {
            context: compare(&parts(&a), &parts(&b)),
            message: MessageDiff::of(of_a.as_deref(), of_b.as_deref()),
            outputs: OutputsDiff::of(&a, &b),
            a: a.execution,
            b: b.execution,
        })
    }

    /// Compares what two executions produced.
    pub fn compare(&self, a: &ExecutionId, b: &ExecutionId) -> Result<OutputsDiff> {
        Ok(OutputsDiff::of(&self.history.show(a)?, &self.history.show(b)?))
    }
}

fn parts(detail: &ExecutionDetail) -> Vec<Part> {
    let sent = detail.allocations.iter().filter(|it| it.included_in_deployment);
    sent.map(Part::from).collect()
}

impl OutputsDiff {
    fn of(a: &ExecutionDetail, b: &ExecutionDetail) -> OutputsDiff {
        OutputsDiff {
            a: a.execution.execution_id.clone(),
            b: b.execution.execution_id.clone(),
            deliverables: deliverables(&a.outputs, &b.outputs),
            gates: gates(&a.outputs, &b.outputs),
            insights: texts(OutputType::Insight, &a.outputs, &b.outputs),
            errors: texts(OutputType::Error, &a.outputs, &b.outputs),
        }
    }
}

/// What either has, by its name.
fn paired<T>(
    a: impl Iterator<Item = (String, T)>,
    b: impl Iterator<Item = (String, T)>,
) -> BTreeMap<String, (Option<T>, Option<T>)> {
    let mut pairs: BTreeMap<String, (Option<T>, Option<T>)> = BTreeMap::new();
    for (name, value) in a {
        pairs.insert(name, (Some(value), None));
    }
    for (name, value) in b {
        pairs.entry(name).or_insert((None, None)).1 = Some(value);
    }
    pairs
}

fn deliverables(a: &[Output], b: &[Output]) -> Vec<DeliverableChange> {
    let of = |outputs| {
        latest_deliverables(outputs).into_iter().map(|(_, it)| (it.file_path.clone(), it))
    };
    let content = |it: &Deliverable| (it.exists, it.content_hash.clone());
    paired(of(a), of(b))
        .into_iter()
        .map(|(file_path, (a, b))| DeliverableChange {
            change: Change::between(a.as_ref().map(content), b.as_ref().map(content)),
            file_path,
            a,
            b,
        })
        .collect()
}

fn gates(a: &[Output], b: &[Output]) -> Vec<GateChange> {
    let of = |outputs| latest_gates(outputs).into_iter().map(|(_, gate)| (gate.name, gate.result));
    paired(of(a), of(b))
        .into_iter()
        .map(|(name, (a, b))| GateChange { change: Change::between(a, b), name, a, b })
        .collect()
}

fn texts(of: OutputType, a: &[Output], b: &[Output]) -> Vec<TextChange> {
    let texts = |outputs: &[Output]| -> Vec<String> {
        let wanted = outputs.iter().filter(|it| it.output_type == of);
        wanted.map(|it| it.subject().to_owned()).collect()
    };
    let (a, b) = (texts(a), texts(b));
    let of_a = a.iter().map(|text| {
        let change = if b.contains(text) { Change::Same } else { Change::Removed };
        TextChange { change, text: text.clone() }
    });
    let only_b = b.iter().filter(|text| !a.contains(text));
    let only_b = only_b.map(|text| TextChange { change: Change::Added, text: text.clone() });
    of_a.chain(only_b).collect()
}
