//! The same bundle again: what a draft became before, it becomes now.
//!
//! A bundle follows from its draft, the model and the template alone. Of each that was kept the cache
//! says what draft it came of; the bundle itself is the history's, and is held against the draft.

use super::Context;
use super::attempt::Material;
use super::models::Model;
use crate::briefing::Template;
use crate::error::Result;
use crate::model::{Allowance, Bundle, BundleId, ItemType};
use crate::secrets;

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
        add(&item.redacted.to_le_bytes());
    }
    *blake3::hash(&parts).as_bytes()
}

impl Context<'_> {
    /// The bundle that such a draft became, if it is still kept; it is the latest again.
    pub(super) fn prepared_before(
        &self,
        key: &Key,
        draft: &Bundle,
        material: &Material,
    ) -> Result<Option<Bundle>> {
        let id = self.cache.draft(key).and_then(|id| std::str::from_utf8(id).ok());
        let Some(id) = id.and_then(|id| BundleId::new(id).ok()) else { return Ok(None) };
        let Some(mut bundle) = self.store.read(|r| r.bundle(&id))? else { return Ok(None) };
        let allowed = &self.config.secrets.allow;
        if self::key(&bundle, &material.model, &material.template, allowed) != *key {
            return Ok(None);
        }
        let is_there = self.store.write(|w| w.renew_bundle(&id, self.now))?;
        bundle.created_at = draft.created_at;
        Ok(is_there.then_some(bundle))
    }
}
