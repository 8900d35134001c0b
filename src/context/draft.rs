//! From texts to a bundle: what stands twice is found, the briefing is rendered, and what is really
//! sent is counted.

use super::kind;
use super::read::Loaded;
use super::tokens::{Count, Counter};
use crate::briefing::{self, BriefingContext, Style, Template};
use crate::error::Result;
use crate::model::{Bundle, ContextItem, Dedup, Encoding, ItemType, Priority, Selection};
use crate::store::content;
use rayon::prelude::*;
use std::collections::HashMap;

/// Texts by their hash.
pub type Texts = HashMap<String, String>;

/// The texts of what was loaded, each once.
pub fn texts(loaded: &[Loaded]) -> Texts {
    loaded.iter().map(|it| (it.content_hash.clone(), it.text.clone())).collect()
}

/// The items of a bundle, not counted yet; a second copy of a text refers to the first.
pub fn items(loaded: &[Loaded]) -> Vec<ContextItem> {
    let mut first: HashMap<&str, String> = HashMap::new();
    loaded
        .iter()
        .map(|it| {
            // A reference to nothing would be longer than nothing.
            let earlier =
                first.get(it.content_hash.as_str()).filter(|_| !it.text.is_empty()).cloned();
            first.entry(&it.content_hash).or_insert_with(|| it.label());
            item(it, earlier)
        })
        .collect()
}

fn item(loaded: &Loaded, duplicate_of: Option<String>) -> ContextItem {
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
        duplicate_of,
    }
}

/// A briefing, and what each part of it costs.
pub struct Measured {
    pub text: String,
    /// For each item of the bundle, in its order, its block in the briefing.
    pub items: Vec<Count>,
    /// What the template adds around the blocks: the items and this make the whole.
    pub frame: Count,
}

impl Measured {
    pub fn total(&self) -> Count {
        self.items.iter().copied().sum::<Count>() + self.frame
    }
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
    let blocks: Vec<(u64, Count)> = context
        .items
        .par_iter()
        .map(|item| {
            // A template may write a text without the helpers; then the text alone is its cost.
            let raw = match styles.get(&item.index) {
                Some(style) => counter.raw(&briefing::item_block(*style, item)),
                None => counter.raw(item.text),
            };
            (raw, counter.estimate(raw, kind::estimated_as(item.kind, item.text)))
        })
        .collect();
    let mut items = vec![Count::default(); bundle.context_items.len()];
    for (item, (_, count)) in context.items.iter().zip(&blocks) {
        items[item.index] = *count;
    }
    let whole = counter.raw(&rendered.text);
    let inside: u64 = blocks.iter().map(|(raw, _)| raw).sum();
    let frame = counter.estimate(whole.saturating_sub(inside), "markdown");
    Ok(Measured { text: rendered.text, items, frame })
}

fn text_of<'t>(texts: &'t Texts, hash: &str) -> &'t str {
    texts.get(hash).map_or("", String::as_str)
}

/// Writes the counts into a bundle, the template's share as its last item.
pub fn fill_counts(bundle: &mut Bundle, measured: &Measured, template: &Template) {
    for (item, count) in bundle.context_items.iter_mut().zip(&measured.items) {
        item.token_count = count.tokens;
    }
    let inside: u64 = bundle.context_items.iter().map(|item| item.bytes).sum();
    bundle.context_items.push(ContextItem {
        item_type: ItemType::Briefing,
        source: template.name.clone(),
        token_count: measured.frame.tokens,
        priority: Priority::Required,
        sections: Vec::new(),
        shared_with: Vec::new(),
        content_hash: content::hash(template.source.as_bytes()),
        file_hash: None,
        bytes: (measured.text.len() as u64).saturating_sub(inside),
        selection: Selection::Whole,
        kind: "handlebars".to_owned(),
        encoding: Encoding::Utf8,
        duplicate_of: None,
    });
    let total = measured.total();
    bundle.total_tokens = total.tokens;
    bundle.total_tokens_upper = total.upper;
    bundle.budget_remaining = bundle.budget as i64 - total.upper as i64;
}

/// What the references inside a bundle save: each block as it would be without.
pub fn dedup_inside(
    bundle: &Bundle,
    texts: &Texts,
    measured: &Measured,
    counter: &Counter<'_>,
) -> Dedup {
    let after = measured.total().tokens;
    let duplicates = bundle.context_items.iter().zip(&measured.items);
    let duplicates = duplicates.filter(|(item, _)| item.duplicate_of.is_some());
    let mut dedup = Dedup { tokens_before: after, tokens_after: after, ..Dedup::default() };
    for (item, cost) in duplicates {
        let whole = counter.count(text_of(texts, &item.content_hash), &item.kind);
        dedup.duplicates += 1;
        dedup.tokens_before += whole.tokens.saturating_sub(cost.tokens);
    }
    dedup
}

/// Names a finished bundle after its content.
pub fn seal(bundle: &mut Bundle) -> Result<()> {
    bundle.bundle_hash = hash_of(bundle);
    bundle.bundle_id = format!("bundle-{}", &bundle.bundle_hash[..12]).parse()?;
    Ok(())
}

/// blake3 of a bundle's JSON without what names and dates it.
pub fn hash_of(bundle: &Bundle) -> String {
    let mut value = serde_json::to_value(bundle).expect("a bundle has only text keys");
    if let Some(object) = value.as_object_mut() {
        for key in ["bundle_id", "bundle_hash", "created_at"] {
            object.remove(key);
        }
    }
    content::hash(value.to_string().as_bytes())
}
