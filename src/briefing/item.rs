//! The text of one item in a briefing, in either style.

use super::content::Content;
use super::context::BriefingItem;
use super::escape::{attribute, inline_code};
use super::fence::{info_string, ticks};
use crate::error::Result;
use serde::Serialize;

/// How a template writes an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// A heading, then a fence: `markdown_item`.
    Markdown,
    /// An element: `xml_item`.
    Xml,
}

/// What stands around an item's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub before: String,
    /// Whether the text follows: a second copy is one line that refers to the first.
    pub has_text: bool,
    pub after: String,
}

/// What `markdown_item` or `xml_item` writes for an item: it depends on the item alone and ends with a
/// newline. The item's text can be read back from it byte for byte.
pub fn item_block(style: Style, item: &BriefingItem<'_>) -> Result<Block> {
    match (style, item.duplicate_of) {
        (Style::Markdown, None) => Ok(markdown(item)),
        (Style::Markdown, Some(first)) => Ok(Block::line(markdown_reference(item, first))),
        (Style::Xml, None) => xml(item),
        (Style::Xml, Some(first)) => Ok(Block::line(xml_reference(item, first))),
    }
}

impl Block {
    fn line(line: String) -> Block {
        Block { before: line, has_text: false, after: String::new() }
    }
}

fn markdown(item: &BriefingItem<'_>) -> Block {
    let (label, kind) = (inline_code(&item.label), info_string(item.kind));
    let cut = if item.text.lacks_newline() { ", no final newline" } else { "" };
    let refers = match item.references {
        0 => String::new(),
        1 => ", 1 reference".to_owned(),
        many => format!(", {many} references"),
    };
    let fence = ticks(item.text.longest_backticks());
    let (item_type, priority) = (item.r#type.as_str(), item.priority.as_str());
    Block {
        before: format!("### {label} ({item_type}, {priority}{refers}{cut})\n{fence}{kind}\n"),
        has_text: true,
        after: format!("{}{fence}\n", newline(&*item.text)),
    }
}

fn markdown_reference(item: &BriefingItem<'_>, first: &str) -> String {
    let (item_type, priority) = (item.r#type.as_str(), item.priority.as_str());
    let (label, first) = (inline_code(&item.label), inline_code(first));
    format!("### {label} ({item_type}, {priority}): same text as {first}\n")
}

fn xml(item: &BriefingItem<'_>) -> Result<Block> {
    let (label, kind) = (attribute(&item.label), attribute(item.kind));
    let cut = if item.text.lacks_newline() { " final-newline=\"no\"" } else { "" };
    let refers = match item.references {
        0 => String::new(),
        many => format!(" references=\"{many}\""),
    };
    let tag = format!("{}-{}", item.r#type.as_str(), item.text.boundary()?);
    let priority = item.priority.as_str();
    Ok(Block {
        before: format!(
            "<{tag} path=\"{label}\" priority=\"{priority}\" lang=\"{kind}\"{refers}{cut}>\n"
        ),
        has_text: true,
        after: format!("{}</{tag}>\n", newline(&*item.text)),
    })
}

fn xml_reference(item: &BriefingItem<'_>, first: &str) -> String {
    let (item_type, priority) = (item.r#type.as_str(), item.priority.as_str());
    let (label, first) = (attribute(&item.label), attribute(first));
    format!("<{item_type} path=\"{label}\" priority=\"{priority}\" same-text-as=\"{first}\"/>\n")
}

fn newline(text: &dyn Content) -> &'static str {
    if text.lacks_newline() { "\n" } else { "" }
}
