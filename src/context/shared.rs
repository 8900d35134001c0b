//! Deduplication across bundles: what all of several agents get is put first, alike to the byte, so
//! that a provider's prompt cache serves it; what is theirs alone follows.

use super::Context;
use super::brief::kept_template;
use super::draft::{self, Measured};
use super::load::BundleFault;
use super::models::Model;
use super::prefix::{Billed, Written, common_prefixes};
use super::prepare::DEFAULT_TEMPLATE;
use super::texts::Texts;
use super::tokens::Counter;
use crate::briefing::Template;
use crate::error::Result;
use crate::model::{
    Bundle, BundleId, ContextItem, Dedup, DedupMode, ItemType, SharedPart, SharedSource,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

/// Several bundles with what they share put first, and what that saves.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Sharing {
    /// What all of them begin with, as a bundle of its own.
    pub shared: Bundle,
    /// Each agent's, in the order they were given.
    pub agents: Vec<SharingRow>,
    /// Tokens that all briefings have without any deduplication.
    pub tokens_before: u64,
    /// Tokens that they have now; every agent is sent the shared part.
    pub tokens_after: u64,
    /// Of the tokens before; negative where references and headings cost more than they save.
    pub percent_saved: f64,
    /// Tokens that all briefings begin with alike.
    pub prefix_tokens: u64,
    /// What `tokens_after` cost with a prompt cache, in tokens at the full price.
    pub tokens_billed: u64,
    /// Of the tokens before.
    pub percent_billed_saved: f64,
    /// Whether the counts are exact.
    pub exact: bool,
    /// The bundles as they are now; not in the JSON of this, which names them.
    #[serde(skip)]
    pub bundles: Vec<Bundle>,
}

/// One agent of a [`Sharing`].
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SharingRow {
    pub agent_type: String,
    /// The bundle as it was; none where it was never kept without the shared part.
    pub bundle_id: Option<BundleId>,
    /// The bundle with the shared part first.
    pub rewritten: BundleId,
    /// Tokens without any deduplication.
    pub tokens_before: u64,
    /// Tokens that are sent.
    pub tokens_after: u64,
    /// How these are billed.
    #[serde(flatten)]
    pub billed: Billed,
}

/// One bundle that takes part: its items as they were read, what it is rendered by, and its tokens
/// without any deduplication.
pub(super) struct Member {
    /// The bundle that it was, if it was kept.
    pub kept_as: Option<BundleId>,
    pub bundle: Bundle,
    pub template: Template,
    pub in_full: u64,
}

/// A [`Sharing`] with what it takes to keep it.
pub(super) struct Shared {
    pub sharing: Sharing,
    texts: Texts,
    shared_template: Template,
    templates: Vec<Template>,
}

/// An item that several members hold.
struct Held {
    item: ContextItem,
    /// Places of the members that hold it.
    by: BTreeSet<usize>,
    /// Its place among all items.
    order: usize,
}

/// What makes two items of different bundles the same: where it is from, and its text.
type Identity = (String, String);

fn identity(item: &ContextItem) -> Identity {
    (item.label(), item.content_hash.clone())
}

impl Context<'_> {
    /// Puts what all of `bundles` hold first and keeps it as a bundle of its own; with `write`, keeps
    /// the rewritten bundles, too.
    pub fn deduplicate(&self, bundles: &[Bundle], write: bool) -> Result<Sharing> {
        let ids: BTreeSet<&BundleId> = bundles.iter().map(|bundle| &bundle.bundle_id).collect();
        if ids.len() < 2 || ids.len() < bundles.len() {
            return Err(BundleFault::TooFew.into());
        }
        same_model(bundles)?;
        let mut texts = Texts::default();
        for bundle in bundles {
            texts.extend(self.texts_of(bundle)?);
        }
        let members = bundles.iter().map(|bundle| self.member(bundle, &texts));
        let members = members.collect::<Result<Vec<_>>>()?;
        let shared = self.share(members, texts, &self.model(Some(&bundles[0].model))?)?;
        self.keep_shared(&shared, write)?;
        Ok(shared.sharing)
    }

    /// A bundle that was kept, as a member.
    fn member(&self, bundle: &Bundle, texts: &Texts) -> Result<Member> {
        // The template as it is now: as it was then, it may not know of shared items.
        let now = self.clean_template(&bundle.template);
        let template = now.or_else(|_| kept_template(bundle, texts))?;
        let mut member = bundle.clone();
        member.context_items.retain(|item| item.item_type != ItemType::Briefing);
        let in_full = match bundle.dedup.tokens_before {
            0 => bundle.total_tokens,
            before => before,
        };
        Ok(Member { kept_as: Some(bundle.bundle_id.clone()), bundle: member, template, in_full })
    }

    /// Puts what all members hold first. Nothing is kept yet.
    pub(super) fn share(
        &self,
        members: Vec<Member>,
        texts: Texts,
        model: &Model,
    ) -> Result<Shared> {
        let held = held(&members);
        let common = common_items(&held, &members);
        let counter = Counter::new(model);
        let shared_template = self.clean_template(DEFAULT_TEMPLATE)?;
        let mode = members.iter().map(|it| it.bundle.dedup.mode).min().unwrap_or_default();
        let mut shared = self.shared_bundle(&members, &common, mode, model);
        draft::deduplicate(&mut shared.context_items, &texts, mode, &counter, self.progress)?;
        let measured = draft::measure(&shared, &texts, &shared_template, &counter)?;
        draft::fill_counts(&mut shared, &measured, &shared_template);

        let mut bundles = Vec::new();
        let mut briefings: Vec<Measured> = Vec::new();
        for member in &members {
            let mut bundle = rewritten(member, &held, &common, mode);
            let items = &mut bundle.context_items;
            draft::deduplicate(items, &texts, mode, &counter, self.progress)?;
            briefings.push(draft::measure(&bundle, &texts, &member.template, &counter)?);
            bundles.push(bundle);
        }
        let written = briefings.iter().zip(&bundles);
        let written = written.map(|(measured, bundle)| Written::new(measured, bundle, &texts));
        let written = written.collect::<Result<Vec<_>>>()?;
        let (prefix_tokens, billed) = common_prefixes(&written, &counter);
        let rows = members.iter().zip(&briefings).zip(billed);
        let rows: Vec<SharingRow> =
            rows.map(|((member, briefing), billed)| row(member, briefing, billed)).collect();
        shared.dedup.bundles = rows.iter().map(SharedSource::from).collect();
        draft::seal(&mut shared)?;
        for ((bundle, member), measured) in bundles.iter_mut().zip(&members).zip(&briefings) {
            bundle.shared = (!common.is_empty()).then(|| SharedPart {
                bundle_id: shared.bundle_id.clone(),
                items: common.len(),
                prefix_tokens,
            });
            draft::fill_counts(bundle, measured, &member.template);
            // What it would be without any of this, not only without references.
            bundle.dedup.tokens_before = member.in_full;
            draft::seal(bundle)?;
        }
        let sharing = sharing(shared, bundles, rows, prefix_tokens);
        let templates = members.into_iter().map(|member| member.template).collect();
        Ok(Shared { sharing, texts, shared_template, templates })
    }

    /// Keeps the shared bundle, and with `write` those that begin with it.
    pub(super) fn keep_shared(&self, it: &Shared, write: bool) -> Result<()> {
        self.keep(&it.sharing.shared, &it.texts, &it.shared_template)?;
        if write {
            for (bundle, template) in it.sharing.bundles.iter().zip(&it.templates) {
                self.keep(bundle, &it.texts, template)?;
            }
        }
        Ok(())
    }

    fn shared_bundle(
        &self,
        members: &[Member],
        common: &[ContextItem],
        mode: DedupMode,
        model: &Model,
    ) -> Bundle {
        let agents: BTreeSet<&str> =
            members.iter().map(|it| it.bundle.agent_type.as_str()).collect();
        let agents: Vec<&str> = agents.into_iter().collect();
        Bundle {
            agent_type: "shared".to_owned(),
            scope: format!("What these agents share: {}", agents.join(", ")),
            created_at: self.now,
            model: model.name.clone(),
            template: DEFAULT_TEMPLATE.to_owned(),
            role: None,
            constraints: Vec::new(),
            expected_output: None,
            context_items: common.to_vec(),
            skipped: Vec::new(),
            dedup: Dedup { mode, ..Dedup::default() },
            shared: None,
            ..members[0].bundle.clone()
        }
    }
}

/// Every item of the members, with all who hold it.
fn held(members: &[Member]) -> HashMap<Identity, Held> {
    let mut held: HashMap<Identity, Held> = HashMap::new();
    for (at, member) in members.iter().enumerate() {
        for item in member.bundle.context_items.iter().filter(|item| item.bytes > 0) {
            let order = held.len();
            let new = || Held { item: item.clone(), by: BTreeSet::new(), order };
            let entry = held.entry(identity(item)).or_insert_with(new);
            entry.item.priority = entry.item.priority.min(item.priority);
            entry.by.insert(at);
        }
    }
    held
}

/// What all members hold, in the order of the first, as the same item for all.
fn common_items(held: &HashMap<Identity, Held>, members: &[Member]) -> Vec<ContextItem> {
    let agents: BTreeSet<&str> = members.iter().map(|it| it.bundle.agent_type.as_str()).collect();
    let mut common: Vec<&Held> = held.values().filter(|it| it.by.len() == members.len()).collect();
    common.sort_by_key(|it| it.order);
    let item = |it: &&Held| ContextItem {
        item_type: ItemType::SharedContext,
        shared_with: agents.iter().map(|agent| (*agent).to_owned()).collect(),
        ..it.item.clone()
    };
    common.iter().map(item).collect()
}

/// A member's bundle with the shared items first, then what most others have too, in one order for
/// all: so that those who share more begin alike for longer.
fn rewritten(
    member: &Member,
    held: &HashMap<Identity, Held>,
    common: &[ContextItem],
    mode: DedupMode,
) -> Bundle {
    let mut bundle = member.bundle.clone();
    let all: BTreeSet<Identity> = common.iter().map(identity).collect();
    bundle.context_items.retain(|item| !all.contains(&identity(item)));
    bundle.context_items.sort_by_key(|item| match held.get(&identity(item)) {
        Some(it) if it.by.len() > 1 => (std::cmp::Reverse(it.by.len()), it.order),
        _ => (std::cmp::Reverse(1), 0),
    });
    bundle.context_items.splice(0..0, common.iter().cloned());
    bundle.dedup.mode = mode;
    // Named when it is sealed; what is rendered depends on how many items it is.
    let bundle_id = bundle.bundle_id.clone();
    let (items, prefix_tokens) = (common.len(), 0);
    bundle.shared = (items > 0).then_some(SharedPart { bundle_id, items, prefix_tokens });
    bundle
}

fn row(member: &Member, briefing: &Measured, billed: Billed) -> SharingRow {
    SharingRow {
        agent_type: member.bundle.agent_type.clone(),
        bundle_id: member.kept_as.clone(),
        rewritten: member.bundle.bundle_id.clone(),
        tokens_before: member.in_full,
        tokens_after: briefing.total().tokens,
        billed,
    }
}

fn sharing(
    shared: Bundle,
    bundles: Vec<Bundle>,
    mut agents: Vec<SharingRow>,
    prefix_tokens: u64,
) -> Sharing {
    for (row, bundle) in agents.iter_mut().zip(&bundles) {
        row.rewritten = bundle.bundle_id.clone();
    }
    let sum = |of: fn(&SharingRow) -> u64| agents.iter().map(of).sum::<u64>();
    let (before, after) = (sum(|it| it.tokens_before), sum(|it| it.tokens_after));
    let billed = sum(|it| it.billed.tokens_billed);
    Sharing {
        exact: shared.exact,
        shared,
        tokens_before: before,
        tokens_after: after,
        percent_saved: percent_saved(before, after),
        prefix_tokens,
        tokens_billed: billed,
        percent_billed_saved: percent_saved(before, billed),
        agents,
        bundles,
    }
}

impl From<&SharingRow> for SharedSource {
    fn from(row: &SharingRow) -> Self {
        SharedSource {
            agent_type: row.agent_type.clone(),
            tokens_before: row.tokens_before,
            tokens_after: row.tokens_after,
        }
    }
}

/// To a tenth of a percent.
pub(super) fn percent_saved(before: u64, after: u64) -> f64 {
    match before {
        0 => 0.0,
        _ => ((before as f64 - after as f64) * 1000.0 / before as f64).round() / 10.0,
    }
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
