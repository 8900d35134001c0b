//! What a briefing template sees; `references/template-context.md` describes it for users.

use super::content::{Content, ItemText};
use super::prose;
use crate::model::{Bundle, ContextItem, ItemType, Priority, Selection};
use serde::Serialize;

/// The variables of a briefing template. No field is ever left out, for in strict mode a variable
/// that is sometimes absent could not be told from a misspelt one.
#[derive(Debug, Serialize)]
pub struct BriefingContext<'a> {
    /// The kind of agent that is briefed.
    pub agent_type: &'a str,
    /// What it is to do; may be empty.
    pub scope: &'a str,
    /// Who the agent is to be; the templates have a default.
    pub role: Option<&'a str>,
    /// Rules it must keep.
    pub constraints: &'a [String],
    /// The constraints as a Markdown list, one item each; empty if there are none.
    pub constraints_list: String,
    /// The final message that is wanted; the templates have a default.
    pub expected_output: Option<&'a str>,
    /// The model the bundle was counted for.
    pub model: &'a str,
    /// How many of the items are shared: they come first, and a template that writes them before all
    /// else gives several agents' briefings the same beginning.
    pub shared_items: usize,
    /// How many of the items are this agent's own.
    pub own_items: usize,
    /// How many of the shared items have lines that stand elsewhere.
    pub shared_referring: usize,
    /// How many of its own items have.
    pub own_referring: usize,
    /// In the bundle's order, without the template's own entry.
    pub items: Vec<BriefingItem<'a>>,
}

/// One piece of context as a template sees it.
#[derive(Debug, Clone, Serialize)]
pub struct BriefingItem<'a> {
    /// Its position in the bundle's `context_items`.
    pub index: usize,
    /// What it is to the agent.
    pub r#type: ItemType,
    /// The path from the project root.
    pub source: &'a str,
    /// The path with the selection: `docs/a.md#Usage`, `src/a.rs:10-80`.
    pub label: String,
    /// How much it matters.
    pub priority: Priority,
    /// What it is written in: `rust`, `markdown`, …
    pub kind: &'a str,
    /// Titles of the Markdown sections taken.
    pub sections: &'a [String],
    /// The lines taken, from 1, where lines were asked for.
    pub first_line: Option<usize>,
    /// The last line taken, included.
    pub last_line: Option<usize>,
    /// Whether it belongs to what several briefings begin with.
    pub shared: bool,
    /// The agents that get the same content.
    pub shared_with: &'a [String],
    /// The earlier item with the very same text; a block then is one line that refers to it.
    pub duplicate_of: Option<&'a str>,
    /// How many blocks of the text stand elsewhere; a line refers to each.
    pub references: usize,
    /// blake3 of the text, lower-case hex.
    pub content_hash: &'a str,
    /// The text itself, as it is sent.
    pub text: ItemText<'a>,
}

impl<'a> BriefingContext<'a> {
    /// What to render for `bundle`; `sent` gives the text of the item at a place as it is sent.
    pub fn new<C: Content + 'a>(
        bundle: &'a Bundle,
        sent: &impl Fn(usize, &'a ContextItem) -> C,
    ) -> Self {
        let shared_items = bundle.shared.as_ref().map_or(0, |shared| shared.items);
        let items: Vec<BriefingItem<'_>> = bundle
            .context_items
            .iter()
            .enumerate()
            .filter(|(_, item)| item.item_type != ItemType::Briefing)
            .map(|(index, item)| {
                let shared = index < shared_items;
                BriefingItem { shared, ..BriefingItem::new(index, item, sent(index, item)) }
            })
            .collect();
        let referring =
            |shared| items.iter().filter(|it| it.shared == shared && it.references > 0).count();
        BriefingContext {
            shared_items,
            own_items: items.len() - shared_items.min(items.len()),
            shared_referring: referring(true),
            own_referring: referring(false),
            agent_type: &bundle.agent_type,
            scope: &bundle.scope,
            role: bundle.role.as_deref(),
            constraints: &bundle.constraints,
            constraints_list: prose::list(&bundle.constraints),
            expected_output: bundle.expected_output.as_deref(),
            model: &bundle.model,
            items,
        }
    }
}

impl<'a> BriefingContext<'a> {
    /// All but the items.
    pub(super) fn without_items(&self) -> BriefingContext<'a> {
        let constraints_list = self.constraints_list.clone();
        BriefingContext { items: Vec::new(), constraints_list, ..*self }
    }
}

impl<'a> BriefingItem<'a> {
    /// `item` at `index` of its bundle, with its text, in which a line refers to what stands elsewhere.
    pub fn new(index: usize, item: &'a ContextItem, sent: impl Content + 'a) -> Self {
        let (first_line, last_line) = match item.selection {
            Selection::Lines { first, last } => (Some(first), Some(last)),
            Selection::Whole | Selection::Sections(_) => (None, None),
        };
        BriefingItem {
            index,
            r#type: item.item_type,
            source: &item.source,
            label: item.label(),
            priority: item.priority,
            kind: &item.kind,
            sections: &item.sections,
            first_line,
            last_line,
            shared: false,
            shared_with: &item.shared_with,
            duplicate_of: item.duplicate_of.as_deref(),
            references: item.references.len(),
            content_hash: &item.content_hash,
            text: ItemText::new(index, sent),
        }
    }
}

impl<'a> BriefingItem<'a> {
    /// The same with all of its text, which is `whole`, in place of references.
    pub fn in_full(&self, whole: impl Content + 'a) -> BriefingItem<'a> {
        let text = ItemText::new(self.index, whole);
        BriefingItem { duplicate_of: None, references: 0, text, ..self.clone() }
    }
}

/// The item at a place in its bundle; `items` are in the bundle's order.
pub(super) fn item_at<'i, 'a>(
    items: &'i [BriefingItem<'a>],
    index: usize,
) -> Option<&'i BriefingItem<'a>> {
    let at = items.binary_search_by_key(&index, |item| item.index).ok()?;
    Some(&items[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bundle() -> Bundle {
        let item = |kind: &str, selection: serde_json::Value| {
            json!({"type": kind, "source": "a.rs", "token_count": 1, "priority": "required",
                "content_hash": "h", "bytes": 2, "selection": selection, "kind": "rust"})
        };
        let items = [
            item("briefing", json!("whole")),
            item("file", json!({"lines": {"first": 2, "last": 3}})),
            item("reference", json!({"sections": ["Usage"]})),
        ];
        serde_json::from_value(json!({
            "version": 1, "bundle_id": "bundle-1", "bundle_hash": "h", "agent_type": "a",
            "scope": "s", "created_at": "2025-01-17T09:30:00Z", "model": "m", "tokenizer": "t",
            "exact": true, "template": "briefing", "constraints": ["one\ntwo", "three"],
            "context_items": items, "total_tokens": 1, "total_tokens_upper": 1, "budget": 2,
            "budget_remaining": 1,
        }))
        .unwrap()
    }

    #[test]
    fn a_bundle_becomes_what_a_template_sees() {
        let bundle = bundle();
        let context = BriefingContext::new(&bundle, &|_, _| "x\n");
        assert_eq!(context.constraints_list, "- one\n  two\n- three");
        let seen: Vec<_> = context
            .items
            .iter()
            .map(|item| {
                (item.index, item.label.as_str(), item.first_line, item.text.read().unwrap())
            })
            .collect();
        // The template's own entry is not an item, but keeps its place in the numbering.
        assert_eq!(
            seen,
            [(1, "a.rs:2-3", Some(2), "x\n".into()), (2, "a.rs#Usage", None, "x\n".into())]
        );
    }
}
