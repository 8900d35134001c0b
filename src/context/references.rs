//! Whether what a bundle says of its items is such as this program writes: its file may come from
//! anywhere.

use super::texts::Texts;
use crate::model::{BlockReference, Bundle, ContextItem};
use crate::store::content;

/// The first item that is said to be another's second copy and is not, or has a reference that is out
/// of order, or does not lead to the same lines, earlier and in full.
pub fn misleading<'b>(bundle: &'b Bundle, texts: &Texts) -> Option<&'b ContextItem> {
    let items = &bundle.context_items;
    let is_copy = |at: usize, item: &ContextItem, label: &str| {
        let first = items[..at].iter().find(|it| it.content_hash == item.content_hash);
        first.is_some_and(|it| it.duplicate_of.is_none() && it.label() == label)
    };
    let is_sound = |at: usize, item: &ContextItem| {
        if let Some(label) = &item.duplicate_of {
            return item.references.is_empty() && is_copy(at, item, label);
        }
        let mut end = 0;
        item.references.iter().all(|reference| {
            let in_order = end <= reference.start && reference.start < reference.end;
            end = reference.end;
            in_order && leads_to_the_same(reference, at, items, texts)
        })
    };
    items.iter().enumerate().find(|(at, item)| !is_sound(*at, item)).map(|(_, item)| item)
}

fn leads_to_the_same(
    reference: &BlockReference,
    at: usize,
    items: &[ContextItem],
    texts: &Texts,
) -> bool {
    let from = reference.offset;
    let to = from.saturating_add(reference.end - reference.start);
    let is_earlier = reference.item < at || (reference.item == at && to <= reference.start);
    let Some(source) = items.get(reference.item).filter(|_| is_earlier) else { return false };
    // The source's own references are in order: it stands before the item, or is the item so far.
    let next = source.references.partition_point(|other| other.end <= from);
    let is_in_full = source.duplicate_of.is_none()
        && source.references.get(next).is_none_or(|other| to <= other.start);
    let here = part(texts, &items[at], reference.start, reference.end);
    let is_same = here.is_some() && here == part(texts, source, from, to);
    let is_named =
        here.is_some_and(|text| content::hash(text.as_bytes()) == reference.content_hash);
    is_in_full && is_same && is_named && is_of_lines(reference, texts.held(&items[at].content_hash))
}

/// Whether it begins and ends where lines do.
fn is_of_lines(reference: &BlockReference, text: Option<&str>) -> bool {
    let text = text.map_or(&b""[..], str::as_bytes);
    let ends_at = |at: u64| at == 0 || text.get(at as usize - 1) == Some(&b'\n');
    ends_at(reference.start) && (ends_at(reference.end) || reference.end == text.len() as u64)
}

fn part<'t>(texts: &'t Texts, item: &ContextItem, start: u64, end: u64) -> Option<&'t str> {
    texts.held(&item.content_hash)?.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}
