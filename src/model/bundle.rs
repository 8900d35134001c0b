//! A bundle: the context prepared for one agent, with what was counted and what was left out.
//!
//! This is the JSON that users keep and pass on; its schema is published as
//! `assets/bundle.schema.json`. The texts themselves stand in the store, by their hash.

use super::words::words;
use super::{BundleId, Count, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

words!(
    /// How much an item matters when the budget is short. Ordered: what must stay comes first.
    Priority {
        /// Never dropped by itself.
        Required = "required",
        /// Dropped after all that is optional.
        Recommended = "recommended",
        /// Dropped first.
        Optional = "optional",
    }
);

words!(
    /// What an item is to the agent that reads it.
    ItemType {
        /// What it works on.
        File = "file",
        /// What it may consult.
        Reference = "reference",
        /// What several agents of a session get alike.
        SharedContext = "shared_context",
        /// What the template adds around the items: role, scope, headings, fences.
        Briefing = "briefing",
    }
);

words!(
    /// What is kept once where it stands in several places of a bundle.
    #[derive(Default)]
    DedupMode {
        /// Nothing: every text is sent in full.
        Off = "off",
        /// Texts of whole items.
        Files = "files",
        /// Texts of whole items, and blocks of them: sections, functions, paragraphs.
        #[default]
        Blocks = "blocks",
    }
);

words!(
    /// How the file's bytes became text.
    Encoding {
        Utf8 = "utf-8",
        Utf8Bom = "utf-8-bom",
        Utf16Le = "utf-16le",
        Utf16Be = "utf-16be",
    }
);

words!(
    /// Why something that was asked for is not in the bundle.
    SkipReason {
        /// It holds a NUL byte.
        Binary = "binary",
        /// It is neither UTF-8 nor, by its mark, UTF-16.
        NotUtf8 = "not-utf-8",
        /// It is larger than a whole file may be.
        TooLarge = "too-large",
        /// An ignore rule leaves it out.
        Ignored = "ignored",
        /// Its name begins with a dot.
        Hidden = "hidden",
        /// The system refuses to read it.
        Unreadable = "unreadable",
        /// It leads out of the project.
        OutsideRoot = "outside-root",
        /// A pipe, socket, device or directory.
        NotAFile = "not-a-file",
        /// A linked directory, met on a walk.
        Symlink = "symlink",
        /// Taken out again so that the rest fits the budget.
        Trimmed = "trimmed",
        /// Somebody was writing it, or putting something in its place, as it was read.
        Changed = "changed",
    }
);

/// Which part of a file was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Selection {
    /// All of it.
    #[default]
    Whole,
    /// These Markdown sections, each with its subsections.
    Sections(Vec<String>),
    /// These lines, from 1, both ends included.
    Lines { first: usize, last: usize },
}

impl Selection {
    /// What follows the path in the grammar of selections: `#Heading`, `:10-80`, or nothing.
    pub fn suffix(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Sections(titles) => titles.iter().map(|title| format!("#{title}")).collect(),
            Self::Lines { first, last } => format!(":{first}-{last}"),
        }
    }
}

/// One piece of context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContextItem {
    /// What it is to the agent.
    #[serde(rename = "type")]
    pub item_type: ItemType,
    /// The path from the project root, with `/`; for `briefing` the template's name.
    pub source: String,
    /// Tokens it costs in the briefing, wrapper included, by the model's tokenizer.
    pub token_count: u64,
    /// How much it matters when the budget is short.
    pub priority: Priority,
    /// Titles of the Markdown sections taken; empty for anything else.
    #[serde(default)]
    pub sections: Vec<String>,
    /// The agents that get the same content.
    #[serde(default)]
    pub shared_with: Vec<String>,
    /// blake3 of the text, references put back, lower-case hex; the store has the text under it.
    pub content_hash: String,
    /// blake3 of the whole file's bytes as they were on disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_hash: Option<String>,
    /// Length of that text in bytes, without its wrapper.
    pub bytes: u64,
    /// Which part of the file it is.
    pub selection: Selection,
    /// What the text is written in: `rust`, `markdown`, `json`, …
    pub kind: String,
    /// How the file's bytes became text.
    #[serde(default = "utf8")]
    pub encoding: Encoding,
    /// The earlier item that has the very same text; this one is a one-line reference to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<String>,
    /// Blocks of the text that stand earlier, in order; a line is sent in place of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<BlockReference>,
    /// Where `source` is a link, or lies behind one: the path from the project root that it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_to: Option<String>,
    /// How many secrets were taken out of the text; a line for each says which.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub redacted: u32,
    /// How many places in it may be secrets, but are not surely.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub suspected: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Lines of an item that stand earlier in the bundle, in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlockReference {
    /// Where they begin in this item's text, in bytes.
    pub start: u64,
    /// Where they end.
    pub end: u64,
    /// blake3 of them, lower-case hex.
    pub content_hash: String,
    /// The item they stand in: its position in `context_items`.
    pub item: usize,
    /// Where they begin in that item's text, in bytes.
    pub offset: u64,
    /// The same for people: path and lines.
    pub same_as: String,
}

fn utf8() -> Encoding {
    Encoding::Utf8
}

impl ContextItem {
    /// The path with its selection, as one would ask for it again.
    pub fn label(&self) -> String {
        format!("{}{}", self.source, self.selection.suffix())
    }

    /// Whether all of its text is sent.
    pub fn is_in_full(&self) -> bool {
        self.duplicate_of.is_none() && self.references.is_empty()
    }
}

/// Something asked for that is not in the bundle, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// The path from the project root; for what was trimmed, with its selection.
    pub source: String,
    pub reason: SkipReason,
    /// What was found: a size, an error, a link's target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// For what was trimmed: its tokens and priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// For what was trimmed: what it was to be.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub item_type: Option<ItemType>,
}

/// A briefing that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBriefing {
    /// blake3 of its bytes.
    pub briefing_hash: String,
    /// Its tokens by the model it was rendered for.
    pub count: Count,
}

/// What deduplication found and saved.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dedup {
    /// What was looked for; bundles of format 1 looked for whole texts.
    #[serde(default = "files")]
    pub mode: DedupMode,
    /// Items whose text stands elsewhere already.
    pub duplicates: u64,
    /// Blocks of other items that do.
    #[serde(default)]
    pub blocks: u64,
    /// Tokens of the briefing or briefings without deduplication.
    pub tokens_before: u64,
    /// Tokens with it.
    pub tokens_after: u64,
    /// In a shared bundle: what it was made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundles: Vec<SharedSource>,
}

fn files() -> DedupMode {
    DedupMode::Files
}

impl Dedup {
    /// Tokens before less tokens after; 0 where references cost more than they save.
    pub fn tokens_saved(&self) -> u64 {
        self.tokens_before.saturating_sub(self.tokens_after)
    }

    /// Percent of the tokens before; 0 where there were none.
    pub fn percent_saved(&self) -> f64 {
        match self.tokens_before {
            0 => 0.0,
            before => self.tokens_saved() as f64 * 100.0 / before as f64,
        }
    }
}

/// One of the bundles that a shared bundle was made from. Without its id: sharing the same again is to
/// give the same bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SharedSource {
    pub agent_type: String,
    /// Its tokens as it is.
    pub tokens_before: u64,
    /// With each shared item replaced by a one-line reference.
    pub tokens_after: u64,
}

/// The context prepared for one agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bundle {
    /// The version of this format.
    pub version: u32,
    /// Named after `bundle_hash`: the same context has the same id.
    pub bundle_id: BundleId,
    /// blake3 of this object without `bundle_id`, `bundle_hash` and `created_at`.
    pub bundle_hash: String,
    /// The kind of agent it is for.
    pub agent_type: String,
    /// What the agent is to do.
    pub scope: String,
    pub created_at: Timestamp,
    /// The model it was counted for.
    pub model: String,
    /// The tokenizer that counted.
    pub tokenizer: String,
    /// False where the model's tokenizer is not public and the counts are estimates.
    pub exact: bool,
    /// The template whose rendering was counted.
    pub template: String,
    /// Who the agent is to be; the template has a default.
    #[serde(default)]
    pub role: Option<String>,
    /// Rules the agent must keep.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// The final message that is expected back.
    #[serde(default)]
    pub expected_output: Option<String>,
    /// The pieces of context in order; the last, of type `briefing`, is what the template adds.
    pub context_items: Vec<ContextItem>,
    /// Tokens of the whole briefing: the items' counts add up to it.
    pub total_tokens: u64,
    /// The upper end of the estimate, which budgets are checked against; equal where exact.
    pub total_tokens_upper: u64,
    /// Tokens the briefing may have.
    pub budget: u64,
    /// `budget` less `total_tokens_upper`; negative where it was let through over budget.
    pub budget_remaining: i64,
    /// What was asked for and left out.
    #[serde(default)]
    pub skipped: Vec<Skipped>,
    /// What references to second copies save.
    #[serde(default)]
    pub dedup: Dedup,
    /// What it begins with, alike for several agents; its items are of type `shared_context`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<SharedPart>,
}

/// The part of a bundle that others begin with, too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SharedPart {
    /// The bundle that holds it alone.
    pub bundle_id: BundleId,
    /// How many of the first items it is.
    pub items: usize,
    /// Tokens that the briefings of all of them begin with alike.
    pub prefix_tokens: u64,
}

impl Bundle {
    /// The version this program writes.
    pub const VERSION: u32 = 2;

    /// The tokens of its briefing.
    pub(crate) fn count(&self) -> Count {
        Count { tokens: self.total_tokens, upper: self.total_tokens_upper }
    }
}
