//! Briefings: what a one-shot agent is sent, rendered from a bundle by a template.
//!
//! [`BriefingContext`] is what a briefing template sees; [`Library`] finds templates, the user's
//! before the embedded; [`brief`] writes a briefing, with places for the items' texts ([`Content`]),
//! and says which items it wrote and how, so that the caller can count each one on the text really
//! sent ([`item_block`]); [`render()`] writes a report.
//!
//! Content must not be able to break out of its block (`fence`, `escape`), and a template, which
//! may come with a repository one has only just cloned, must not hang or abort the process:
//! `limits` reads it before the engine's recursive parser does, `assemble` checks every tag and
//! puts partials in place, the engine's own helpers are all replaced (`blocks`, `values`,
//! `writers`) by ones that count what they do (`meter`). For users: `references/template-context.md`.

mod assemble;
mod blocks;
mod content;
mod context;
mod embedded;
mod escape;
mod fault;
mod fence;
mod helpers;
mod item;
mod library;
mod limits;
mod meter;
mod own_words;
mod parse;
mod prose;
mod reference;
mod render;
mod values;
mod writers;

pub use content::{Content, Piece};
pub use context::{BriefingContext, BriefingItem};
pub use embedded::TemplateKind;
pub use escape::longest_backticks;
pub use fault::{Limit, Place, TemplateFault};
pub use fence::boundary_of;
pub use item::{Block, Style, item_block};
pub use library::{Library, LibraryFault, Origin, Template, TemplateInfo};
pub use own_words::OwnWords;
pub use parse::{ParsedBriefing, ParsedItem, Unreadable, parse};
pub use reference::{bracket_runs, expand, reference_line, with_references};
pub use render::{Rendered, brief, render};
