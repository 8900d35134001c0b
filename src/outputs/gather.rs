//! All of a session in one consistent read, and what of it counts: the last word on each thing.

use crate::error::Result;
use crate::model::{
    BundleId, Deliverable, ExecutionId, ExecutionRecord, Gate, Output, OutputType, SessionId,
    SessionRecord,
};
use crate::store::{ExecutionFilter, Messages, OutputFilter, Reader, Store};
use std::collections::{BTreeMap, HashMap};

/// Among how many sessions with the words of a scope the last one of the same scope is looked for.
const COMPARED_AMONG: u32 = 1000;

/// A session with everything recorded under it, oldest first.
pub(super) struct Gathered {
    pub session: SessionRecord,
    pub executions: Vec<ExecutionRecord>,
    pub outputs: Vec<Output>,
    /// Tokens that deduplication saved in the bundles of its deployments.
    pub saved_by_bundle: HashMap<BundleId, u64>,
}

impl Gathered {
    pub fn read(store: &Store, session: &SessionId, messages: Messages) -> Result<Gathered> {
        store.read(|r| Gathered::of(r, session, messages))
    }

    /// The same with the last session of its scope, if there is one.
    pub fn with_previous(
        store: &Store,
        session: &SessionId,
        messages: Messages,
    ) -> Result<(Gathered, Option<Gathered>)> {
        store.read(|r| {
            let gathered = Gathered::of(r, session, messages)?;
            let before = r.session_before(&gathered.session, COMPARED_AMONG)?;
            let before = before.map(|it| Gathered::of(r, &it.session_id, Messages::None));
            Ok((gathered, before.transpose()?))
        })
    }

    fn of(r: &Reader<'_>, session: &SessionId, messages: Messages) -> Result<Gathered> {
        let id: SessionId = r.find(session.as_str())?;
        let mut executions = r.executions(&ExecutionFilter {
            session_id: Some(id.clone()),
            messages,
            limit: u32::MAX,
            ..ExecutionFilter::default()
        })?;
        executions.reverse();
        let mut outputs = r.outputs(&OutputFilter {
            session_id: Some(id.clone()),
            limit: u32::MAX,
            ..OutputFilter::default()
        })?;
        outputs.reverse();
        let mut saved_by_bundle = HashMap::new();
        for id in executions.iter().filter_map(|it| it.bundle_id.as_ref()) {
            if !saved_by_bundle.contains_key(id)
                && let Some(bundle) = r.bundle(id)?
            {
                saved_by_bundle.insert(id.clone(), bundle.dedup.tokens_saved());
            }
        }
        let session = r.session(&id)?.expect("just found");
        Ok(Gathered { session, executions, outputs, saved_by_bundle })
    }

    /// Tokens that deduplication saved, by deployment.
    pub fn saved_by_execution(&self) -> HashMap<ExecutionId, u64> {
        let saved = |it: &ExecutionRecord| {
            let saved = self.saved_by_bundle.get(it.bundle_id.as_ref()?)?;
            Some((it.execution_id.clone(), *saved))
        };
        self.executions.iter().filter_map(saved).collect()
    }
}

/// The last look at each deliverable of each execution, in the order of the first.
pub(super) fn latest_deliverables(outputs: &[Output]) -> Vec<(ExecutionId, Deliverable)> {
    latest(outputs, OutputType::Deliverable, |it: &Deliverable| it.file_path.clone())
}

/// The last look at each file, whoever delivered it last, in the order of the paths.
pub(super) fn latest_files(outputs: &[Output]) -> Vec<(ExecutionId, Deliverable)> {
    let mut last: BTreeMap<String, (ExecutionId, Deliverable)> = BTreeMap::new();
    for output in outputs.iter().filter(|it| it.output_type == OutputType::Deliverable) {
        if let Some(found) = output.read::<Deliverable>() {
            last.insert(found.file_path.clone(), (output.execution_id.clone(), found));
        }
    }
    last.into_values().collect()
}

/// The last result of each gate of each execution, in the order of the first.
pub(super) fn latest_gates(outputs: &[Output]) -> Vec<(ExecutionId, Gate)> {
    latest(outputs, OutputType::ValidationResult, |it: &Gate| it.name.clone())
}

fn latest<T: serde::de::DeserializeOwned>(
    outputs: &[Output],
    output_type: OutputType,
    name: impl Fn(&T) -> String,
) -> Vec<(ExecutionId, T)> {
    let mut places: HashMap<(ExecutionId, String), usize> = HashMap::new();
    let mut found: Vec<(ExecutionId, T)> = Vec::new();
    for output in outputs.iter().filter(|output| output.output_type == output_type) {
        let Some(value) = output.read::<T>() else { continue };
        match places.get(&(output.execution_id.clone(), name(&value))) {
            Some(place) => found[*place].1 = value,
            None => {
                places.insert((output.execution_id.clone(), name(&value)), found.len());
                found.push((output.execution_id.clone(), value));
            }
        }
    }
    found
}
