//! Deduplication across bundles: what several agents get alike, as a bundle of its own.

use super::Context;
use super::brief::kept_template;
use super::draft::{self, Texts};
use super::load::BundleFault;
use super::models::Model;
use super::prepare::DEFAULT_TEMPLATE;
use super::tokens::Counter;
use crate::briefing::TemplateKind;
use crate::error::Result;
use crate::model::{Bundle, BundleId, ContextItem, Dedup, ItemType, SharedSource};
use std::collections::{BTreeSet, HashMap};

/// What one item of the shared bundle replaces.
struct Shared<'b> {
    item: &'b ContextItem,
    /// Indices of the bundles that hold it.
    holders: Vec<usize>,
}

impl Context<'_> {
    /// Finds what at least two of `bundles` hold, makes a shared bundle of it and keeps that.
    /// `dedup` in it tells what it saves: each text once, and a one-line reference elsewhere.
    pub fn deduplicate(&self, bundles: &[Bundle]) -> Result<Bundle> {
        let ids: BTreeSet<&BundleId> = bundles.iter().map(|bundle| &bundle.bundle_id).collect();
        if ids.len() < 2 || ids.len() < bundles.len() {
            return Err(BundleFault::TooFew.into());
        }
        same_model(bundles)?;
        let model = self.model(Some(&bundles[0].model))?;
        let mut texts = Texts::new();
        for bundle in bundles {
            texts.extend(self.texts_of(bundle)?);
        }
        let template = self.templates.get(TemplateKind::Briefing, DEFAULT_TEMPLATE)?;
        let shared = held_by_several(bundles);
        let mut made = self.shared_bundle(bundles, &shared, &model);
        let counter = Counter::new(&model);
        let measured = draft::measure(&made, &texts, &template, &counter)?;
        draft::fill_counts(&mut made, &measured, &template);
        made.dedup = self.savings(bundles, &shared, &texts, &counter)?;
        // What is shared is sent once, as items; it needs no briefing of its own.
        made.dedup.tokens_after += measured.items.iter().map(|item| item.tokens).sum::<u64>();
        draft::seal(&mut made)?;
        texts.retain(|hash, _| made.context_items.iter().any(|item| item.content_hash == *hash));
        self.keep(&made, &texts, &template)?;
        Ok(made)
    }

    fn shared_bundle(&self, bundles: &[Bundle], shared: &[Shared<'_>], model: &Model) -> Bundle {
        let agents: BTreeSet<&str> = bundles.iter().map(|b| b.agent_type.as_str()).collect();
        let agents: Vec<&str> = agents.into_iter().collect();
        let first = &bundles[0];
        Bundle {
            agent_type: "shared".to_owned(),
            scope: format!("What these agents share: {}", agents.join(", ")),
            created_at: self.now,
            model: model.name.clone(),
            template: DEFAULT_TEMPLATE.to_owned(),
            role: None,
            constraints: Vec::new(),
            expected_output: None,
            context_items: shared.iter().map(|it| it.as_item(bundles)).collect(),
            skipped: Vec::new(),
            dedup: Dedup::default(),
            ..first.clone()
        }
    }

    /// Each bundle's tokens as they are, and with every shared item as a reference.
    fn savings(
        &self,
        bundles: &[Bundle],
        shared: &[Shared<'_>],
        texts: &Texts,
        counter: &Counter<'_>,
    ) -> Result<Dedup> {
        let labels: HashMap<&str, String> =
            shared.iter().map(|it| (it.item.content_hash.as_str(), it.item.label())).collect();
        let mut dedup = Dedup { duplicates: shared.len() as u64, ..Dedup::default() };
        for bundle in bundles {
            let mut referring = bundle.clone();
            referring.context_items.retain(|item| item.item_type != ItemType::Briefing);
            for item in &mut referring.context_items {
                if let Some(label) = labels.get(item.content_hash.as_str()) {
                    item.duplicate_of = Some(format!("shared context: {label}"));
                }
            }
            let template = kept_template(bundle, texts)?;
            let after = draft::measure(&referring, texts, &template, counter)?.total().tokens;
            dedup.tokens_before += bundle.total_tokens;
            dedup.tokens_after += after;
            dedup.bundles.push(SharedSource {
                bundle_id: bundle.bundle_id.clone(),
                agent_type: bundle.agent_type.clone(),
                tokens_before: bundle.total_tokens,
                tokens_after: after,
            });
        }
        Ok(dedup)
    }
}

impl Shared<'_> {
    fn as_item(&self, bundles: &[Bundle]) -> ContextItem {
        let agents: BTreeSet<&str> =
            self.holders.iter().map(|at| bundles[*at].agent_type.as_str()).collect();
        ContextItem {
            item_type: ItemType::SharedContext,
            shared_with: agents.into_iter().map(str::to_owned).collect(),
            duplicate_of: None,
            ..self.item.clone()
        }
    }
}

/// The texts that at least two bundles hold, in the order of their first place.
fn held_by_several(bundles: &[Bundle]) -> Vec<Shared<'_>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut found: Vec<Shared<'_>> = Vec::new();
    for (at, bundle) in bundles.iter().enumerate() {
        let items = bundle.context_items.iter();
        for item in items.filter(|item| item.item_type != ItemType::Briefing && item.bytes > 0) {
            let place = *places.entry(&item.content_hash).or_insert_with(|| {
                found.push(Shared { item, holders: Vec::new() });
                found.len() - 1
            });
            if found[place].holders.last() != Some(&at) {
                found[place].holders.push(at);
            }
        }
    }
    found.retain(|shared| shared.holders.len() > 1);
    found
}

/// Counts for different models cannot be added up.
fn same_model(bundles: &[Bundle]) -> Result<()> {
    let first = &bundles[0];
    match bundles.iter().find(|other| other.model != first.model) {
        None => Ok(()),
        Some(other) => Err(BundleFault::Models {
            first: first.bundle_id.clone(),
            first_model: first.model.clone(),
            second: other.bundle_id.clone(),
            second_model: other.model.clone(),
        }
        .into()),
    }
}
