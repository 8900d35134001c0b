//! From texts to a bundle: what stands twice is found, the briefing is rendered, and what is really
//! sent is counted.

use super::counted::Counted;
use super::dedup;
use super::facts::Facts;
use super::kind;
use super::progress::{Progress, Running, Task};
use super::read::Loaded;
use super::sent::Sent;
use super::tally::Sum;
use super::texts::Texts;
use super::tokens::Counter;
use crate::briefing::{
    self, Block, BriefingContext, BriefingItem, Piece, Rendered, Style, Template,
};
use crate::error::Result;
use crate::model::{Bundle, ContextItem, Dedup, Encoding, ItemType, Priority, Selection};
use crate::model::{Count, DedupMode};
use crate::render::to_json;
use crate::store::content;
use rayon::prelude::*;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

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
        bytes: loaded.bytes as u64,
        selection: loaded.selection.clone(),
        kind: loaded.kind.to_owned(),
        encoding: loaded.encoding,
        duplicate_of: None,
        references: Vec::new(),
        link_to: loaded.link_to.clone(),
        redacted: loaded.redacted,
        suspected: loaded.suspected,
    }
}

/// Tokens of bare texts, without what a briefing adds.
pub fn bare(loaded: &[Loaded], texts: &Texts, counter: &Counter<'_>) -> Result<Count> {
    let counts = loaded.par_iter().map(|it| {
        let mut sum = Sum::new(counter);
        texts.counted(&item(it), counter)?.add_full(&mut sum);
        let looks = texts.facts(&it.content_hash)?.looks;
        Ok(counter.estimate(sum.total(), kind::estimated_as(it.kind, looks)))
    });
    Ok(counts.collect::<Result<Vec<Count>>>()?.into_iter().sum())
}

/// Marks in `items` what stands earlier already, counts the texts accordingly, and names what stands
/// elsewhere by its hash.
pub fn deduplicate(
    items: &mut [ContextItem],
    texts: &Texts,
    mode: DedupMode,
    counter: &Counter<'_>,
    progress: &dyn Progress,
) -> Result<()> {
    dedup::deduplicate(items, texts, mode)?;
    let bytes = items.iter().map(|item| item.bytes).sum();
    let running = Running::begin(progress, Task::Count, items.len(), Some(bytes));
    items.par_iter_mut().try_for_each(|item| {
        let counted = texts.counted(item, counter)?;
        running.advance(item.bytes);
        for (reference, hash) in item.references.iter_mut().zip(counted.reference_hashes()) {
            hash.clone_into(&mut reference.content_hash);
        }
        Ok(())
    })
}

/// A briefing, and what each part of it costs.
pub struct Measured {
    pub rendered: Rendered,
    /// Length of the briefing in bytes.
    pub bytes: u64,
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

    /// The briefing itself.
    pub fn text(&self, bundle: &Bundle, texts: &Texts) -> Result<String> {
        let items = Items::of(bundle, texts)?;
        self.rendered.text(&items.context(bundle, texts))
    }
}

/// What is known of the texts of a bundle's items, by their place.
struct Items(Vec<Arc<Facts>>);

impl Items {
    fn of(bundle: &Bundle, texts: &Texts) -> Result<Items> {
        let items = bundle.context_items.par_iter();
        let facts = items.map(|item| match item.item_type {
            // The template is no text that it writes.
            ItemType::Briefing => Ok(Arc::new(Facts::of("", &item.content_hash))),
            _ => texts.facts(&item.content_hash),
        });
        Ok(Items(facts.collect::<Result<_>>()?))
    }

    fn context<'b>(&self, bundle: &'b Bundle, texts: &'b Texts) -> BriefingContext<'b> {
        BriefingContext::new(bundle, &|at, item| Sent::new(texts, item, Arc::clone(&self.0[at])))
    }
}

/// What one item costs as the template writes it, and what it would cost in full.
struct Cost {
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
    let known = Items::of(bundle, texts)?;
    let context = known.context(bundle, texts);
    let rendered = briefing::brief(template, &context)?;
    let styles: HashMap<usize, Style> = rendered.item_styles.iter().copied().collect();
    let meter = Meter { bundle, texts, counter, facts: &known.0, rendered: &rendered };
    let costs = context.items.par_iter().map(|item| {
        let cost = meter.cost(item, styles.get(&item.index).copied())?;
        Ok((item.index, cost))
    });
    let costs = costs.collect::<Result<Vec<(usize, Cost)>>>()?;
    let mut items = vec![Count::default(); bundle.context_items.len()];
    for (index, cost) in &costs {
        items[*index] = cost.count;
    }
    let inside: u64 = costs.iter().map(|(_, cost)| cost.raw).sum();
    let (raw, bytes) = meter.whole(&context)?;
    let frame = counter.estimate(raw.saturating_sub(inside), "markdown");
    let full: u64 = costs.iter().map(|(_, cost)| cost.in_full.tokens).sum();
    let mut measured = Measured { bytes, raw, items, frame, dedup: Dedup::default(), rendered };
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

/// Counts a rendering.
struct Meter<'m> {
    bundle: &'m Bundle,
    texts: &'m Texts,
    counter: &'m Counter<'m>,
    facts: &'m [Arc<Facts>],
    rendered: &'m Rendered,
}

impl Meter<'_> {
    fn cost(&self, item: &BriefingItem<'_>, style: Option<Style>) -> Result<Cost> {
        let (of_bundle, facts) = (&self.bundle.context_items[item.index], &self.facts[item.index]);
        let row = kind::estimated_as(item.kind, facts.looks);
        let Some(style) = style else {
            let raw = self.raw_by_itself(item)?;
            let count = self.counter.estimate(raw, row);
            return Ok(Cost { raw, count, in_full: count });
        };
        let as_sent =
            self.raw(&briefing::item_block(style, item)?, of_bundle, |counted, sum| {
                counted.add_sent(of_bundle, facts, sum);
            })?;
        let in_full = match (item.duplicate_of, item.references) {
            (None, 0) => as_sent,
            _ => {
                let whole = item.in_full(Sent::in_full(self.texts, of_bundle, Arc::clone(facts)));
                self.raw(&briefing::item_block(style, &whole)?, of_bundle, Counted::add_full)?
            }
        };
        Ok(Cost {
            raw: as_sent,
            count: self.counter.estimate(as_sent, row),
            in_full: self.counter.estimate(in_full, row),
        })
    }

    fn raw(
        &self,
        block: &Block,
        item: &ContextItem,
        add: impl FnOnce(&Counted, &mut Sum<'_, '_>),
    ) -> Result<u64> {
        let mut sum = Sum::new(self.counter);
        sum.text(&block.before);
        if block.has_text {
            add(&*self.texts.counted(item, self.counter)?, &mut sum);
        }
        sum.text(&block.after);
        Ok(sum.total())
    }

    /// A template may write a text without the helpers, or leave it out.
    fn raw_by_itself(&self, item: &BriefingItem<'_>) -> Result<u64> {
        let text = item.text.read()?;
        let has_it = |piece: &Piece| match piece {
            Piece::Text(index) => *index == item.index,
            Piece::Frame(frame) => frame.contains(text.as_ref()),
        };
        let is_sent = self.rendered.pieces.iter().any(has_it);
        Ok(if is_sent { self.counter.raw(&text) } else { 0 })
    }

    /// Tokens and bytes of the whole briefing.
    fn whole(&self, context: &BriefingContext<'_>) -> Result<(u64, u64)> {
        let mut sum = Sum::new(self.counter);
        let mut bytes = 0;
        let sizes: HashMap<usize, usize> =
            context.items.iter().map(|item| (item.index, item.text.bytes())).collect();
        for piece in &self.rendered.pieces {
            match piece {
                Piece::Frame(frame) => {
                    sum.text(frame);
                    bytes += frame.len();
                }
                Piece::Text(index) => {
                    let item = &self.bundle.context_items[*index];
                    let counted = self.texts.counted(item, self.counter)?;
                    counted.add_sent(item, &self.facts[*index], &mut sum);
                    bytes += sizes[index];
                }
            }
        }
        Ok((sum.total(), bytes as u64))
    }
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
        bytes: measured.bytes.saturating_sub(inside),
        selection: Selection::Whole,
        kind: "handlebars".to_owned(),
        encoding: Encoding::Utf8,
        duplicate_of: None,
        references: Vec::new(),
        link_to: None,
        redacted: 0,
        suspected: 0,
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
    bundle.bundle_hash = hash(bundle);
    bundle.bundle_id = format!("bundle-{}", &bundle.bundle_hash[..12]).parse()?;
    Ok(())
}

/// The same as [`hash_of`] its JSON, which of many items is large: written and hashed some at a time.
fn hash(bundle: &mut Bundle) -> String {
    let items = std::mem::take(&mut bundle.context_items);
    let rest = unnamed(to_json(bundle));
    let mut hasher = blake3::Hasher::new();
    let mut before = "{";
    for (key, value) in rest.as_object().into_iter().flatten() {
        hasher.update(format!("{before}\"{key}\":").as_bytes());
        match key.as_str() {
            "context_items" => hash_items(&items, &mut hasher),
            _ => drop(hasher.update(value.to_string().as_bytes())),
        }
        before = ",";
    }
    hasher.update(b"}");
    bundle.context_items = items;
    hasher.finalize().to_hex().to_string()
}

fn hash_items(items: &[ContextItem], hasher: &mut blake3::Hasher) {
    let json = |item: &ContextItem| sorted(to_json(item)).to_string();
    let mut before = "[";
    for some in items.chunks(1024) {
        let written: Vec<String> = some.par_iter().map(json).collect();
        hasher.update(before.as_bytes()).update(written.join(",").as_bytes());
        before = ",";
    }
    let end = if items.is_empty() { "[]" } else { "]" };
    hasher.update(end.as_bytes());
}

/// blake3 of a bundle's JSON, keys in order, without what names and dates it. Of the JSON, not of the
/// type: what a later version adds, and what an editor reorders, is no change.
pub fn hash_of(bundle: Value) -> String {
    content::hash(unnamed(bundle).to_string().as_bytes())
}

fn unnamed(mut bundle: Value) -> Value {
    if let Some(object) = bundle.as_object_mut() {
        for key in ["bundle_id", "bundle_hash", "created_at"] {
            object.remove(key);
        }
    }
    sorted(bundle)
}

fn sorted(mut value: Value) -> Value {
    value.sort_all_objects();
    value
}
