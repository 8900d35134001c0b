//! What can be wrong with a template, found before or while it renders.

use crate::error::{Fault, Kind};

/// A place in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The template's name or path, or that of the partial in it.
    pub template: String,
    /// From 1; `None` where the engine does not say.
    pub line: Option<usize>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "template '{}'", self.template.escape_debug())?;
        match self.line {
            Some(line) => write!(f, ", line {line}"),
            None => Ok(()),
        }
    }
}

/// A bound that keeps a template from hanging or aborting the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of source, the template's and its partials', each as often as it is included.
    Source,
    /// Tags of one template.
    Tags,
    /// Bytes of one tag.
    Tag,
    /// Blocks, `else if`s, partials or parentheses in one another.
    Nesting,
    /// Parts of one path, such as `../a.b`.
    Path,
    /// Partials put in place.
    Partials,
    /// Pieces of template rendered, loops included.
    Steps,
    /// Bytes of output.
    Output,
}

impl Limit {
    /// The largest value allowed; for output what is allowed besides four times the context.
    pub const fn max(self) -> usize {
        match self {
            Self::Source => 64 << 10,
            Self::Tags => 1_000,
            Self::Tag => 2 << 10,
            Self::Nesting | Self::Path => 32,
            Self::Partials => 256,
            Self::Steps => 500_000,
            Self::Output => 1 << 20,
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let max = self.max();
        match self {
            Self::Source => write!(f, "it is longer than {max} bytes, partials included"),
            Self::Tags => write!(f, "it has more than {max} tags"),
            Self::Tag => write!(f, "a tag is longer than {max} bytes"),
            Self::Nesting => write!(f, "it nests deeper than {max} levels"),
            Self::Path => write!(f, "a path has more than {max} parts"),
            Self::Partials => write!(f, "it includes more than {max} partials"),
            Self::Steps => write!(f, "its loops take more than {max} steps"),
            Self::Output => {
                write!(f, "its output is larger than 4 times the context and {max} bytes")
            }
        }
    }
}

/// A template that cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum TemplateFault {
    /// It cannot be read as Handlebars, or has a construct that is not allowed.
    #[error("{at}: {why}")]
    Syntax { at: Place, why: String },
    /// A variable that its data does not have; `near` are the most similar that it has.
    #[error("{at}: there is no variable '{name}'{}", or_else(near))]
    Variable { at: Place, name: String, near: Vec<String> },
    /// A helper that does not exist.
    #[error("{at}: there is no helper '{name}'{}", or_else(near))]
    Helper { at: Place, name: String, near: Vec<String> },
    /// A partial that does not exist.
    #[error("{at}: there is no partial '{name}'{}", or_else(near))]
    Partial { at: Place, name: String, near: Vec<String> },
    /// A partial that includes itself, by whatever way.
    #[error("{at}: partial '{name}' includes itself")]
    Recursion { at: Place, name: String },
    /// A helper with arguments it does not take.
    #[error("{at}: {why}")]
    Call { at: Place, why: String },
    /// It goes beyond a [`Limit`].
    #[error("{at}: {limit}")]
    Limit { at: Place, limit: Limit },
    /// Its data cannot be written as JSON.
    #[error("{at}: its data cannot be written as JSON: {source}")]
    Data { at: Place, source: serde_json::Error },
}

impl Fault for TemplateFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Syntax { .. }
            | Self::Variable { .. }
            | Self::Helper { .. }
            | Self::Partial { .. }
            | Self::Recursion { .. }
            | Self::Call { .. }
            | Self::Limit { .. } => Kind::Usage,
            Self::Data { .. } => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax { .. }
            | Self::Variable { .. }
            | Self::Helper { .. }
            | Self::Partial { .. }
            | Self::Recursion { .. }
            | Self::Call { .. }
            | Self::Limit { .. } => Some("sortie ctx templates".into()),
            Self::Data { .. } => None,
        }
    }
}

fn or_else(near: &[String]) -> String {
    match near {
        [] => String::new(),
        names => format!("; did you mean {}?", names.join(" or ")),
    }
}
