//! The templates that come with the program, by kind, and what the head of a template says.

use serde::Serialize;

/// What a template is for, and so which variables it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemplateKind {
    /// The message to an agent; gets a [`BriefingContext`](super::BriefingContext).
    Briefing,
    /// The report on a session; gets a [`SynthesisContext`](crate::outputs::SynthesisContext).
    SynthesisReport,
}

impl TemplateKind {
    /// The word for it, which also is the name of its default template.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Briefing => "briefing",
            Self::SynthesisReport => "synthesis-report",
        }
    }

    /// The kind that a template's name says: its first word.
    pub(super) fn of(name: &str) -> Self {
        if name.starts_with(Self::SynthesisReport.as_str()) {
            Self::SynthesisReport
        } else {
            Self::Briefing
        }
    }
}

pub(super) struct Embedded {
    pub name: &'static str,
    pub kind: TemplateKind,
    pub source: &'static str,
}

/// For each kind the default comes first: its head documents the variables.
pub(super) const EMBEDDED: &[Embedded] = &[
    Embedded {
        name: "briefing",
        kind: TemplateKind::Briefing,
        source: include_str!("../../templates/briefing.md.hbs"),
    },
    Embedded {
        name: "briefing.xml",
        kind: TemplateKind::Briefing,
        source: include_str!("../../templates/briefing.xml.hbs"),
    },
    Embedded {
        name: "synthesis-report",
        kind: TemplateKind::SynthesisReport,
        source: include_str!("../../templates/synthesis-report.md.hbs"),
    },
    Embedded {
        name: "synthesis-report.html",
        kind: TemplateKind::SynthesisReport,
        source: include_str!("../../templates/synthesis-report.html.hbs"),
    },
];

/// By the names they are included with.
pub(super) const PARTIALS: &[(&str, &str)] = &[
    ("answer", include_str!("../../templates/_answer.hbs")),
    ("protocol", include_str!("../../templates/_protocol.hbs")),
    ("references", include_str!("../../templates/_references.hbs")),
    ("role", include_str!("../../templates/_role.hbs")),
    ("html_head", include_str!("../../templates/_html_head.hbs")),
    ("html_style", include_str!("../../templates/_html_style.hbs")),
    ("html_status", include_str!("../../templates/_html_status.hbs")),
    ("html_sort", include_str!("../../templates/_html_sort.hbs")),
];

/// The text of an embedded partial, without the comment it begins with.
pub(super) fn partial(name: &str) -> &'static str {
    let found = PARTIALS.iter().find(|(known, _)| *known == name);
    let source = found.map_or("", |(_, source)| source);
    source.split_once("--}}\n").map_or(source, |(_, text)| text)
}

pub(super) fn is_embedded(name: &str) -> bool {
    EMBEDDED.iter().any(|embedded| embedded.name == name)
}

/// What the comment at the beginning of a template says.
pub(super) struct Head {
    pub description: String,
    pub variables: Vec<(String, String)>,
}

impl Head {
    /// The first line describes the template; `name: what it is` documents a variable.
    pub fn of(source: &str) -> Self {
        let comment = source.trim_start().strip_prefix("{{!--").and_then(|c| c.split_once("--}}"));
        let mut lines = comment.map_or("", |(text, _)| text).trim().lines().map(str::trim);
        let description = lines.next().unwrap_or_default().to_owned();
        let variables = lines
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| !name.contains(' '))
            .map(|(name, what)| (name.to_owned(), what.to_owned()))
            .collect();
        Head { description, variables }
    }

    /// Its own, or those that the kind's default template documents.
    pub fn variables_or_default(&self, kind: TemplateKind) -> Vec<(String, String)> {
        if !self.variables.is_empty() {
            return self.variables.clone();
        }
        let default = EMBEDDED.iter().find(|embedded| embedded.kind == kind);
        default.map_or_else(Vec::new, |embedded| Head::of(embedded.source).variables)
    }
}
