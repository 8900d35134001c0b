//! The same bundle again: what a draft became before, it becomes now.
//!
//! A bundle follows from its draft, the model and the template alone. Of each that was kept the cache
//! says what draft it came of; the bundle itself is the history's, and is held against the draft. Where
//! not even the tree has changed (see [`trace`]), the draft follows from the request, and is not made.

use super::Context;
use super::attempt::{Frame, Material};
use super::models::Model;
use super::prepare::Request;
use super::select::{Part, Selected};
use super::texts::{Learnt, OnDisk, Place, Texts};
use super::trace::{self, Seen};
use crate::briefing::Template;
use crate::error::Result;
use crate::model::{Allowance, Bundle, BundleId, ItemType, SkipReason, Skipped};
use crate::secrets;
use std::sync::Arc;
use std::time::SystemTime;

/// What tells two drafts apart.
pub(super) type Key = [u8; 32];

/// The key of a draft under such allowances; of a finished bundle, that of the draft it came of.
pub(super) fn key(
    draft: &Bundle,
    model: &Model,
    template: &Template,
    allowed: &[Allowance],
) -> Key {
    let rest = (
        (&draft.version, &draft.agent_type, &draft.scope, &draft.role, &draft.constraints),
        (&draft.expected_output, &draft.model, &draft.template, &draft.budget),
        (&draft.skipped, &draft.dedup.mode, &draft.shared),
    );
    let mut parts = Vec::new();
    // Each part with its length, so that no two lists of parts make the same bytes.
    let mut add = |part: &[u8]| {
        parts.extend((part.len() as u64).to_le_bytes());
        parts.extend(part);
    };
    // What was let through is let through again, as long as the rules are the same.
    add(&secrets::VERSION.to_le_bytes());
    if !allowed.is_empty() {
        add(format!("{allowed:?}").as_bytes());
    }
    add(format!("{model:?}").as_bytes());
    add(template.to_kept().as_bytes());
    add(&serde_json::to_vec(&rest).expect("plain data"));
    for item in draft.context_items.iter().filter(|item| item.item_type != ItemType::Briefing) {
        add(item.source.as_bytes());
        add(item.content_hash.as_bytes());
        add(item.file_hash.as_deref().unwrap_or_default().as_bytes());
        add(item.selection.suffix().as_bytes());
        add(item.kind.as_bytes());
        add(item.item_type.as_str().as_bytes());
        add(item.priority.as_str().as_bytes());
        add(&[item.encoding as u8]);
        add(item.link_to.as_deref().unwrap_or_default().as_bytes());
        add(&item.redacted.to_le_bytes());
    }
    *blake3::hash(&parts).as_bytes()
}

impl Context<'_> {
    /// The bundle that such a draft became, if it is still kept; it is the latest again.
    pub(super) fn prepared_before(&self, key: &Key, material: &Material) -> Result<Option<Bundle>> {
        let Some(bundle) = self.drafted(key)? else { return Ok(None) };
        let allowed = &self.config.secrets.allow;
        match self::key(&bundle, &material.model, &material.template, allowed) == *key {
            true => self.renewed(bundle),
            false => Ok(None),
        }
    }

    /// The bundle that the same request became before, if nothing has changed that it follows from. What
    /// cannot be told apart is read again: see [`seen_by`].
    pub(super) fn unchanged(&self, request: &Request, frame: &Frame) -> Result<Option<Bundle>> {
        if request.selectors.paranoid {
            return Ok(None);
        }
        let Some(trace) = self.cache.trace(&self.selection_key(request)) else { return Ok(None) };
        let key = self.request_key(request, &frame.model, &frame.template, &trace);
        let (same, bundle) =
            beside(trace.len() > LONG, || trace::is_unchanged(&trace), || self.drafted(&key));
        bundle?.filter(|_| same).map_or(Ok(None), |bundle| self.renewed(bundle))
    }

    /// Keeps what the next such request can be told by.
    pub(super) fn keep_trace(
        &self,
        request: &Request,
        material: &Material,
        began: SystemTime,
        bundle: &BundleId,
    ) {
        let trace = match material.seen.is_empty() {
            true => None,
            false => trace::trace(&material.seen, began),
        };
        let Some(trace) = trace else { return };
        let key = self.request_key(request, &material.model, &material.template, &trace);
        self.cache.keep_draft(&key, bundle.as_str());
        let selection = self.selection_key(request);
        if self.cache.trace(&selection).as_ref() != Some(&trace) {
            self.cache.keep_trace(&selection, trace);
        }
    }

    fn selection_key(&self, request: &Request) -> Key {
        let asked = (&request.selectors, request.max_file_size, self.config);
        trace::key(self.root, &asked)
    }

    /// The key of a request whose selection has that trace.
    fn request_key(
        &self,
        request: &Request,
        model: &Model,
        template: &Template,
        trace: &[u8],
    ) -> Key {
        let rules = (secrets::VERSION, self.config);
        let asked = (blake3::hash(trace), request, rules, model, template.to_kept());
        *blake3::hash(format!("{asked:?}").as_bytes()).as_bytes()
    }

    /// Those texts of an unchanged bundle in which something may be a secret.
    pub(super) fn suspected(&self, bundle: &Bundle) -> Texts {
        let (root, mut texts) = (Arc::new(self.root.clone()), Texts::cached(self.cache));
        for item in bundle.context_items.iter().filter(|item| item.suspected > 0) {
            let path = root.located(&item.source);
            let place = Place::File(OnDisk { root: Arc::clone(&root), path, limit: u64::MAX - 1 });
            texts.add(item.content_hash.clone(), place, Learnt::default());
        }
        texts
    }

    /// The bundle that is kept under a key.
    fn drafted(&self, key: &Key) -> Result<Option<Bundle>> {
        let id = self.cache.draft(key).and_then(|id| BundleId::new(&id).ok());
        id.map_or(Ok(None), |id| self.store.read(|r| r.bundle(&id)))
    }

    /// Makes a bundle the latest, if it is still there.
    fn renewed(&self, mut bundle: Bundle) -> Result<Option<Bundle>> {
        let is_there = self.store.write(|w| w.renew_bundle(&bundle.bundle_id, self.now))?;
        bundle.created_at = self.now;
        Ok(is_there.then_some(bundle))
    }
}

/// All that a selection follows from: what `seen` says, and the files. Nothing where that is not all:
/// parts of files are always read, and why a file cannot be read is not in what the system says of it.
pub(super) fn seen_by(mut seen: Vec<Seen>, files: &[Selected], skipped: &[Skipped]) -> Vec<Seen> {
    let is_all = files.iter().all(|file| file.part == Part::Whole)
        && skipped.iter().all(|it| it.reason != SkipReason::Unreadable);
    if !is_all {
        return Vec::new();
    }
    seen.extend(files.iter().map(|file| Seen::Plain(file.path.clone())));
    seen
}

/// How many bytes a trace has that takes longer to go through than a thread takes to begin.
const LONG: usize = 32 << 10;

/// What both return; the first on a thread of its own, if that is worth it.
fn beside<A: Send, B>(
    apart: bool,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    match apart {
        false => (first(), second()),
        true => std::thread::scope(|scope| {
            let first = scope.spawn(first);
            let second = second();
            (first.join().expect("it does not panic"), second)
        }),
    }
}
