//! Collecting what a deployment produced: files as they are now, gates, insights, errors.

use super::Outputs;
use super::look::Found;
use crate::error::Result;
use crate::history::Collected;
use crate::model::{
    Deliverable, ExecutionId, ExecutionRecord, Gate, Output, OutputId, OutputMetadata, OutputType,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What to collect for one execution.
#[derive(Debug, Clone, Default)]
pub struct Collection {
    /// Files it was to produce, relative to the workspace's `cwd`.
    pub deliverables: Vec<PathBuf>,
    /// Quality gates and how they came out.
    pub validation: Vec<Gate>,
    /// What was learned.
    pub insights: Vec<String>,
    /// What went wrong.
    pub errors: Vec<String>,
    /// Other files that these outputs touch on.
    pub related_files: Vec<String>,
}

impl Collection {
    /// Whether it names nothing to record; related files alone are nothing.
    pub fn is_empty(&self) -> bool {
        self.deliverables.is_empty()
            && self.validation.is_empty()
            && self.insights.is_empty()
            && self.errors.is_empty()
    }
}

impl Outputs<'_> {
    /// Looks at what `collection` names and records it; what is known already adds nothing.
    pub fn collect(&self, id: &ExecutionId, collection: &Collection) -> Result<Collected> {
        let execution = self.execution(id)?;
        let mut redacted = Vec::new();
        let mut clean = |text: &String| self.history.clean(text, &mut redacted);
        let collection = Collection {
            insights: collection.insights.iter().map(&mut clean).collect(),
            errors: collection.errors.iter().map(&mut clean).collect(),
            ..collection.clone()
        };
        let outputs = self.look(&execution, &collection)?;
        let collected = self.history.collect(&execution.execution_id, outputs)?;
        Ok(Collected { redacted, ..collected })
    }

    /// An execution without its message.
    pub(crate) fn execution(&self, id: &ExecutionId) -> Result<ExecutionRecord> {
        self.store.read(|r| {
            let id: ExecutionId = r.find(id.as_str())?;
            Ok(r.execution(&id)?.expect("just found"))
        })
    }

    /// What `collection` names as it is now; nothing is recorded.
    pub fn look(
        &self,
        execution: &ExecutionRecord,
        collection: &Collection,
    ) -> Result<Vec<Output>> {
        let paths = collection.deliverables.iter();
        let look = |path: &PathBuf| self.look_at(path, Some(execution), &collection.validation);
        self.outputs_of(execution, paths.map(look).collect::<Result<_>>()?, collection)
    }

    /// Where a path that is kept stands now.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.located(name)
    }

    /// A deliverable's path as it is kept: from the root, wherever it is named from.
    pub fn name(&self, path: &Path) -> String {
        self.root.name(&self.root.absolute(path))
    }

    /// A deliverable as it is on disk now.
    pub(super) fn look_at(
        &self,
        path: &Path,
        execution: Option<&ExecutionRecord>,
        validation: &[Gate],
    ) -> Result<Deliverable> {
        let absolute = self.root.absolute(path);
        let Found { exists, hashed } = self.found(&absolute)?;
        let lines = hashed.as_ref().and_then(|it| it.lines);
        let base = execution.and_then(|it| it.base_commit.as_deref()).unwrap_or("HEAD");
        let git = self.git.filter(|_| hashed.is_some());
        let changed = git.and_then(|git| git.changed_lines(&absolute, base, lines));
        Ok(Deliverable {
            file_path: self.root.name(&absolute),
            exists,
            size: hashed.as_ref().map(|it| it.size),
            content_hash: hashed.map(|it| it.hash),
            lines_added: changed.map(|lines| lines.added - lines.modified()),
            lines_modified: changed.map(|lines| lines.modified()),
            lines_removed: changed.map(|lines| lines.removed - lines.modified()),
            validation: validation.iter().map(|gate| (gate.name.clone(), gate.result)).collect(),
        })
    }

    fn outputs_of(
        &self,
        execution: &ExecutionRecord,
        deliverables: Vec<Deliverable>,
        collection: &Collection,
    ) -> Result<Vec<Output>> {
        let text = |text: &String| json!({ "text": text });
        let json_of = |value: serde_json::Result<Value>| value.expect("text keys only");
        let deliverables = deliverables.iter().map(|it| json_of(serde_json::to_value(it)));
        let gates = collection.validation.iter().map(|it| json_of(serde_json::to_value(it)));
        let insights = collection.insights.iter().map(text);
        let errors = collection.errors.iter().map(text);
        let of = |output_type| move |content| (output_type, content);
        deliverables
            .map(of(OutputType::Deliverable))
            .chain(gates.map(of(OutputType::ValidationResult)))
            .chain(insights.map(of(OutputType::Insight)))
            .chain(errors.map(of(OutputType::Error)))
            .map(|(output_type, content)| self.output(execution, output_type, content, collection))
            .collect()
    }

    fn output(
        &self,
        execution: &ExecutionRecord,
        output_type: OutputType,
        content: Value,
        collection: &Collection,
    ) -> Result<Output> {
        Ok(Output {
            // The record names it by its place among the states of the same thing.
            output_id: OutputId::new("out")?,
            execution_id: execution.execution_id.clone(),
            output_type,
            content,
            created_at: self.now,
            metadata: OutputMetadata {
                agent_type: execution.agent_type.clone(),
                model: execution.model.clone(),
                related_files: collection.related_files.clone(),
            },
        })
    }
}
