//! What can go wrong with a selection.

use super::root::{Refusal, Root};
use crate::error::{Fault, Kind, nearest};
use crate::model::{Priority, SkipReason, Skipped};
use crate::render::tally;
use std::path::Path;

/// Something asked for that cannot be included.
#[derive(Debug, thiserror::Error)]
pub enum SelectFault {
    /// There is no such path; `near` are the most similar names in the deepest directory there is.
    #[error("'{}' does not exist", asked.escape_debug())]
    Absent { asked: String, near: Vec<String> },
    /// A file that was named itself, and cannot be read as text for this reason.
    #[error("cannot include '{}': {}", source_name.escape_debug(), told(*reason, detail))]
    Refused { source_name: String, reason: SkipReason, detail: Option<String> },
    /// A heading or lines of a directory.
    #[error("'{source_name}' is a directory: a heading or lines can only be taken from a file")]
    PartOfDirectory { source_name: String },
    /// A directory or glob of which nothing is left; `skipped` says why.
    #[error("{}", nothing(asked, skipped))]
    Nothing { asked: String, skipped: Vec<Skipped> },
    /// A glob that cannot be read.
    #[error("{place}bad pattern: {detail}")]
    Pattern { place: String, detail: String },
    /// A heading that is not there; `headings` are those that are, indented by level.
    #[error("'{source_name}' has no heading '{}'", heading.escape_debug())]
    NoHeading { source_name: String, heading: String, headings: Vec<String> },
    /// A heading that stands there several times, on these lines.
    #[error("'{source_name}' has the heading '{}' {} times", heading.escape_debug(), ranges.len())]
    ManyHeadings { source_name: String, heading: String, ranges: Vec<String> },
    /// Lines beyond the file's end, or none; `lines` is how many there are.
    #[error("'{source_name}' has no lines {first}-{last}: it has {lines}")]
    NoLines { source_name: String, first: usize, last: String, lines: usize },
    /// A priority for something that is not among the items.
    #[error("--{priority} '{}' names no item of the bundle", pattern.escape_debug())]
    OverridesNothing { pattern: String, priority: Priority, items: Vec<String> },
    /// A file that is not what it was a moment ago.
    #[error("'{}' changed while it was being bundled", source_name.escape_debug())]
    Changed { source_name: String },
    /// Nothing was asked for.
    #[error("nothing to bundle")]
    Empty,
}

impl SelectFault {
    pub(super) fn pattern(error: &ignore::Error) -> SelectFault {
        SelectFault::Pattern { place: String::new(), detail: error.to_string() }
    }

    pub(super) fn refused(source_name: String, refusal: Refusal) -> SelectFault {
        SelectFault::Refused { source_name, reason: refusal.reason, detail: refusal.detail }
    }

    /// A path that leads nowhere, with the names nearest to it in the deepest directory there is.
    pub(super) fn absent(root: &Root, asked: &Path) -> SelectFault {
        let absolute = root.absolute(asked);
        let mut parent = absolute.as_path();
        let mut missing = absolute.as_path();
        while let Some(above) = parent.parent() {
            missing = parent;
            parent = above;
            if parent.is_dir() {
                break;
            }
        }
        let wanted = missing.file_name().unwrap_or_default().to_string_lossy();
        // What lies behind a link out is nobody's business.
        let inside = root.look(parent).ok();
        let names: Vec<String> = inside.map(|found| names_in(&found.path)).unwrap_or_default();
        let near = nearest(&wanted, names.iter().map(String::as_str));
        let near = near.into_iter().map(|name| root.name(&parent.join(name))).collect();
        SelectFault::Absent { asked: asked.to_string_lossy().into_owned(), near }
    }
}

fn names_in(directory: &Path) -> Vec<String> {
    let listing = std::fs::read_dir(directory).into_iter().flatten().flatten();
    listing.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// A reason in a sentence.
pub(super) fn told(reason: SkipReason, detail: &Option<String>) -> String {
    let text = match reason {
        SkipReason::Binary => "it is a binary file",
        SkipReason::NotUtf8 => "its text is not UTF-8",
        SkipReason::TooLarge => "it is too large",
        SkipReason::Ignored => "it is ignored",
        SkipReason::Hidden => "it is hidden",
        SkipReason::Unreadable => "it cannot be read",
        SkipReason::OutsideRoot => "it is outside the project",
        SkipReason::NotAFile => "it is no regular file",
        SkipReason::Symlink => "it is a link",
        SkipReason::Trimmed => "it was trimmed",
        SkipReason::Changed => "it changed while it was read",
    };
    match detail {
        Some(detail) => format!("{text} ({})", detail.escape_debug()),
        None => text.to_owned(),
    }
}

/// A glob matches nothing; a directory holds nothing.
fn nothing(asked: &str, skipped: &[Skipped]) -> String {
    let counts = skipped_in_words(skipped).map_or_else(String::new, |told| format!(": {told}"));
    let asked = asked.escape_debug();
    match asked.to_string().contains(['*', '?', '[']) {
        true => format!("'{asked}' matches nothing that can be included{counts}"),
        false => format!("'{asked}' holds nothing that can be included{counts}"),
    }
}

/// “3 ignored, 1 binary”.
pub(super) fn skipped_in_words(skipped: &[Skipped]) -> Option<String> {
    let of = |reason: SkipReason| skipped.iter().filter(|it| it.reason == reason).count();
    tally(SkipReason::ALL.iter().map(|reason| (of(*reason), reason)))
}

impl Fault for SelectFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Absent { .. }
            | Self::Refused { .. }
            | Self::Nothing { .. }
            | Self::NoHeading { .. }
            | Self::ManyHeadings { .. }
            | Self::NoLines { .. }
            | Self::OverridesNothing { .. } => Kind::NotFound,
            Self::PartOfDirectory { .. } | Self::Pattern { .. } | Self::Empty => Kind::Usage,
            Self::Changed { .. } => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Absent { near, .. } if near.is_empty() => None,
            Self::Absent { near, .. } => Some(format!("did you mean {}?", near.join(" or "))),
            Self::Refused { source_name, reason, .. } => remedy(source_name, *reason),
            Self::PartOfDirectory { .. } => None,
            Self::Changed { .. } => Some("nothing was written; run it again".into()),
            Self::Nothing { skipped, .. } => {
                let has = |reason| skipped.iter().any(|it| it.reason == reason);
                let passed_over = has(SkipReason::Hidden) || has(SkipReason::Ignored);
                passed_over.then(|| "--hidden takes hidden files, --no-ignore ignored ones".into())
            }
            Self::Pattern { .. } => {
                Some("a glob has *, **, ?, [a-z] and {a,b}; quote it against the shell".into())
            }
            Self::NoHeading { headings, .. } if headings.is_empty() => {
                Some("it has no headings; take lines instead, such as path:10-80".into())
            }
            Self::NoHeading { headings, .. } => Some(format!("it has:\n{}", headings.join("\n"))),
            Self::ManyHeadings { ranges, .. } => {
                Some(format!("take one by its lines: {}", ranges.join(" or ")))
            }
            Self::NoLines { lines: 0, .. } => Some("it is empty".into()),
            Self::NoLines { source_name, lines, .. } => {
                Some(format!("it has lines 1-{lines}: {source_name}:1-{lines}"))
            }
            Self::OverridesNothing { items, .. } => {
                let shown: Vec<_> = items.iter().take(12).cloned().collect();
                let rest = items.len().saturating_sub(shown.len());
                let rest = if rest > 0 { format!("\n… and {rest} more") } else { String::new() };
                Some(format!("the items are:\n{}{rest}", shown.join("\n")))
            }
            Self::Empty => {
                Some("name something: --files, --references, --optional or --files-from".into())
            }
        }
    }
}

fn remedy(source_name: &str, reason: SkipReason) -> Option<String> {
    match reason {
        SkipReason::TooLarge => {
            Some(format!("take a part of it, {source_name}:1-200, or raise --max-file-size"))
        }
        SkipReason::OutsideRoot => Some(
            "copy it into the project, or name a root that holds both with --project-root".into(),
        ),
        SkipReason::NotUtf8 => {
            Some(format!("convert it; if it is Latin-1: iconv -f LATIN1 -t UTF-8 {source_name}"))
        }
        _ => None,
    }
}
