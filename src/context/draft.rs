//! From texts to a bundle: what stands twice is found, the briefing is rendered, and what is really
//! sent is counted.

use super::kind;
use super::read::Loaded;
use super::tokens::Counter;
use crate::briefing::{self, BriefingContext, BriefingItem, Style, Template};
use crate::error::Result;
use crate::model::Count;
use crate::model::{Bundle, ContextItem, Dedup, Encoding, ItemType, Priority, Selection};
use crate::render::to_json;
use crate::store::content;
use rayon::prelude::*;
use serde_json::Value;
use std::collections::HashMap;

/// Texts by their hash.
pub type Texts = HashMap<String, String>;

/// The texts of what was loaded, each once.
pub fn texts(loaded: &[Loaded]) -> Texts {
    loaded.iter().map(|it| (it.content_hash.clone(), it.text.clone())).collect()
}

/// The items of a bundle, not counted yet.
pub fn items(loaded: &[Loaded]) -> Vec<ContextItem> {
    loaded.iter().map(item).collect()
}

fn item(loaded: &Loaded) -> ContextItem {
    ContextItem {
        item_type: loaded.item_type,
        source: loaded.source.clone(),
        token_count: 0,
        priority: loaded.priority,
        sections: match &loaded.selection {
            Selection::Sections(titles) => titles.clone(),
            _ => Vec::new(),
        },
        shared_with: Vec::new(),
        content_hash: loaded.content_hash.clone(),
        file_hash: Some(loaded.file_hash.clone()),
        bytes: loaded.text.len() as u64,
        selection: loaded.selection.clone(),
        kind: loaded.kind.to_owned(),
        encoding: loaded.encoding,
        duplicate_of: None,
        references: Vec::new(),
    }
}

/// A briefing, and what each part of it costs.
pub struct Measured {
    pub text: String,
    /// Tokens of it by the tokenizer itself, before any estimate.
    pub raw: u64,
    /// For each item of the bundle, in its order, its block in the briefing.
    pub items: Vec<Count>,
    /// What the template adds around the blocks: the items and this make the whole.
    pub frame: Count,
    /// What references to second copies save.
    pub dedup: Dedup,
}

impl Measured {
    pub fn total(&self) -> Count {
        self.items.iter().copied().sum::<Count>() + self.frame
    }
}

/// What one item costs as the template writes it, and what it would cost in full.
struct Cost {
    index: usize,
    raw: u64,
    count: Count,
    in_full: Count,
}

/// Renders the briefing of a bundle and counts it.
pub fn measure(
    bundle: &Bundle,
    texts: &Texts,
    template: &Template,
    counter: &Counter<'_>,
) -> Result<Measured> {
    let context = BriefingContext::new(bundle, &|hash| text_of(texts, hash));
    let rendered = briefing::render(template, &context)?;
    let styles: HashMap<usize, Style> = rendered.item_styles.iter().copied().collect();
    let cost = |item: &BriefingItem<'_>| {
        let style = styles.get(&item.index).copied();
        let is_sent = style.is_some() || rendered.text.contains(item.text.as_ref());
        cost(item, text_of(texts, item.content_hash), style, is_sent, counter)
    };
    let costs: Vec<Cost> = context.items.par_iter().map(cost).collect();
    let mut items = vec![Count::default(); bundle.context_items.len()];
    for cost in &costs {
        items[cost.index] = cost.count;
    }
    let inside: u64 = costs.iter().map(|cost| cost.raw).sum();
    let raw = counter.raw(&rendered.text);
    let frame = counter.estimate(raw.saturating_sub(inside), "markdown");
    let mut measured = Measured { text: rendered.text, raw, items, frame, dedup: Dedup::default() };
    let full: u64 = costs.iter().map(|cost| cost.in_full.tokens).sum();
    let duplicates = bundle.context_items.iter().filter(|it| it.duplicate_of.is_some()).count();
    let blocks: usize = bundle.context_items.iter().map(|it| it.references.len()).sum();
    measured.dedup = Dedup {
        mode: bundle.dedup.mode,
        duplicates: duplicates as u64,
        blocks: blocks as u64,
        tokens_before: full + frame.tokens,
        tokens_after: measured.total().tokens,
        bundles: Vec::new(),
    };
    Ok(measured)
}

fn cost(
    item: &BriefingItem<'_>,
    whole: &str,
    style: Option<Style>,
    is_sent: bool,
    counter: &Counter<'_>,
) -> Cost {
    let row = kind::estimated_as(item.kind, whole);
    let raw = |item: &BriefingItem<'_>| match style {
        Some(style) => counter.raw(&briefing::item_block(style, item)),
        // A template may write a text without the helpers, or leave it out.
        None if is_sent => counter.raw(&item.text),
        None => 0,
    };
    let as_sent = raw(item);
    let in_full = match (item.duplicate_of, item.references) {
        (None, 0) => as_sent,
        _ => raw(&item.in_full(whole)),
    };
    Cost {
        index: item.index,
        raw: as_sent,
        count: counter.estimate(as_sent, row),
        in_full: counter.estimate(in_full, row),
    }
}

fn text_of<'t>(texts: &'t Texts, hash: &str) -> &'t str {
    texts.get(hash).map_or("", String::as_str)
}

/// Writes the counts into a bundle, the template's share as its last item.
pub fn fill_counts(bundle: &mut Bundle, measured: &Measured, template: &Template) {
    for (item, count) in bundle.context_items.iter_mut().zip(&measured.items) {
        item.token_count = count.tokens;
    }
    let inside: u64 = bundle.context_items.iter().map(sent_bytes).sum();
    bundle.context_items.push(ContextItem {
        item_type: ItemType::Briefing,
        source: template.name.clone(),
        token_count: measured.frame.tokens,
        priority: Priority::Required,
        sections: Vec::new(),
        shared_with: Vec::new(),
        content_hash: content::hash(template.to_kept().as_bytes()),
        file_hash: None,
        bytes: (measured.text.len() as u64).saturating_sub(inside),
        selection: Selection::Whole,
        kind: "handlebars".to_owned(),
        encoding: Encoding::Utf8,
        duplicate_of: None,
        references: Vec::new(),
    });
    bundle.dedup = measured.dedup.clone();
    let total = measured.total();
    bundle.total_tokens = total.tokens;
    bundle.total_tokens_upper = total.upper;
    bundle.budget_remaining = bundle.budget as i64 - total.upper as i64;
}

/// Bytes of an item's own text that are sent: none of a second copy, none of what stands elsewhere.
fn sent_bytes(item: &ContextItem) -> u64 {
    let referred: u64 = item.references.iter().map(|it| it.end - it.start).sum();
    if item.duplicate_of.is_some() { 0 } else { item.bytes.saturating_sub(referred) }
}

/// Names a finished bundle after its content.
pub fn seal(bundle: &mut Bundle) -> Result<()> {
    bundle.bundle_hash = hash_of(to_json(bundle));
    bundle.bundle_id = format!("bundle-{}", &bundle.bundle_hash[..12]).parse()?;
    Ok(())
}

/// blake3 of a bundle's JSON, keys in order, without what names and dates it. Of the JSON, not of the
/// type: what a later version adds, and what an editor reorders, is no change.
pub fn hash_of(mut bundle: Value) -> String {
    if let Some(object) = bundle.as_object_mut() {
        for key in ["bundle_id", "bundle_hash", "created_at"] {
            object.remove(key);
        }
    }
    bundle.sort_all_objects();
    content::hash(bundle.to_string().as_bytes())
}
