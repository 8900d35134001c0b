//! The text of one item in a briefing, in either style.

use super::context::BriefingItem;
use super::escape::{attribute, inline_code};
use super::fence::{boundary, fenced, missing_newline};
use serde::Serialize;
use serde_json::Value;

/// How a template writes an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// A heading, then a fence: `markdown_item`.
    Markdown,
    /// An element: `xml_item`.
    Xml,
}

/// The exact text that `markdown_item` or `xml_item` writes for an item: it depends on the item
/// alone and ends with a newline. The item's text can be read back from it byte for byte; a
/// duplicate is one line that refers to the first copy.
pub fn item_block(style: Style, item: &BriefingItem<'_>) -> String {
    View::from(item).block(style)
}

/// What a block is made of, taken from an item or from the JSON that a template sees.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub index: usize,
    item_type: &'a str,
    label: &'a str,
    priority: &'a str,
    kind: &'a str,
    duplicate_of: Option<&'a str>,
    references: u64,
    text: &'a str,
}

impl<'a> From<&'a BriefingItem<'_>> for View<'a> {
    fn from(item: &'a BriefingItem<'_>) -> Self {
        View {
            index: item.index,
            item_type: item.r#type.as_str(),
            label: &item.label,
            priority: item.priority.as_str(),
            kind: item.kind,
            duplicate_of: item.duplicate_of,
            references: item.references as u64,
            text: &item.text,
        }
    }
}

impl<'a> View<'a> {
    /// `None` if `value` is no item.
    pub fn from_json(value: &'a Value) -> Option<Self> {
        let text = |field: &str| value.get(field)?.as_str();
        Some(View {
            index: usize::try_from(value.get("index")?.as_u64()?).ok()?,
            item_type: text("type")?,
            label: text("label")?,
            priority: text("priority")?,
            kind: text("kind")?,
            duplicate_of: text("duplicate_of"),
            references: value.get("references")?.as_u64()?,
            text: text("text")?,
        })
    }

    pub fn block(&self, style: Style) -> String {
        match (style, self.duplicate_of) {
            (Style::Markdown, None) => self.markdown(),
            (Style::Markdown, Some(first)) => self.markdown_reference(first),
            (Style::Xml, None) => self.xml(),
            (Style::Xml, Some(first)) => self.xml_reference(first),
        }
    }

    fn markdown(&self) -> String {
        let Self { item_type, priority, text, .. } = self;
        let label = inline_code(self.label);
        let cut = if self.lacks_newline() { ", no final newline" } else { "" };
        let refers = match self.references {
            0 => String::new(),
            1 => ", 1 reference".to_owned(),
            many => format!(", {many} references"),
        };
        let block = fenced(text, self.kind);
        format!("### {label} ({item_type}, {priority}{refers}{cut})\n{block}\n")
    }

    fn markdown_reference(&self, first: &str) -> String {
        let Self { item_type, priority, .. } = self;
        let (label, first) = (inline_code(self.label), inline_code(first));
        format!("### {label} ({item_type}, {priority}): same text as {first}\n")
    }

    fn xml(&self) -> String {
        let Self { item_type, priority, text, .. } = self;
        let (label, kind) = (attribute(self.label), attribute(self.kind));
        let cut = if self.lacks_newline() { " final-newline=\"no\"" } else { "" };
        let refers = match self.references {
            0 => String::new(),
            many => format!(" references=\"{many}\""),
        };
        let (tag, newline) = (format!("{item_type}-{}", boundary(text)), missing_newline(text));
        format!(
            "<{tag} path=\"{label}\" priority=\"{priority}\" lang=\"{kind}\"{refers}{cut}>\n\
             {text}{newline}</{tag}>\n"
        )
    }

    fn xml_reference(&self, first: &str) -> String {
        let Self { item_type, priority, .. } = self;
        let (label, first) = (attribute(self.label), attribute(first));
        format!(
            "<{item_type} path=\"{label}\" priority=\"{priority}\" same-text-as=\"{first}\"/>\n"
        )
    }

    fn lacks_newline(&self) -> bool {
        !missing_newline(self.text).is_empty()
    }
}
