//! The closed set of helpers: their names, what they take, and what all of them share.

use super::content::is_stand_in;
use super::fault::Limit;
use super::meter::Steps;
use handlebars::{Helper, RenderError, RenderErrorReason};
use serde_json::Value;
use std::ops::RangeInclusive;

/// Where a helper may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `{{#each list}} … {{/each}}`
    Block,
    /// In parentheses or alone: gives a value.
    Value,
    /// Alone: writes text.
    Writer,
}

#[derive(Debug)]
pub(super) struct Spec {
    pub name: &'static str,
    pub form: Form,
    pub arguments: RangeInclusive<usize>,
}

const fn spec(name: &'static str, form: Form, arguments: RangeInclusive<usize>) -> Spec {
    Spec { name, form, arguments }
}

/// Every helper there is; any other name is an error.
pub(super) const HELPERS: &[Spec] = &[
    spec("if", Form::Block, 1..=1),
    spec("unless", Form::Block, 1..=1),
    spec("each", Form::Block, 1..=1),
    spec("with", Form::Block, 1..=1),
    spec("lookup", Form::Value, 2..=2),
    spec("eq", Form::Value, 2..=2),
    spec("ne", Form::Value, 2..=2),
    spec("gt", Form::Value, 2..=2),
    spec("lt", Form::Value, 2..=2),
    spec("and", Form::Value, 2..=8),
    spec("or", Form::Value, 2..=8),
    spec("not", Form::Value, 1..=1),
    spec("len", Form::Value, 1..=1),
    spec("markdown_item", Form::Writer, 1..=1),
    spec("xml_item", Form::Writer, 1..=1),
    spec("fence", Form::Writer, 1..=2),
    spec("tag", Form::Writer, 2..=2),
    spec("name", Form::Writer, 1..=1),
    spec("attr", Form::Writer, 1..=1),
    spec("cell", Form::Writer, 1..=1),
    spec("inline", Form::Writer, 1..=1),
    spec("code_cell", Form::Writer, 1..=1),
    spec("html", Form::Writer, 1..=1),
    spec("grouped", Form::Value, 1..=1),
    spec("minute", Form::Value, 1..=1),
    spec("shown", Form::Value, 1..=1),
];

/// The writers whose text is safe in HTML; that of the others is Markdown or XML of its own.
pub(super) fn writes_html(spec: &Spec) -> bool {
    spec.form != Form::Writer || matches!(spec.name, "html" | "attr")
}

pub(super) fn find(name: &str) -> Option<&'static Spec> {
    HELPERS.iter().find(|spec| spec.name == name)
}

/// What a helper finds wrong while it renders; becomes a `TemplateFault` with its place.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    Limit(Limit),
    /// A stand-in will not do: the text itself is wanted.
    #[error("wants a text that was not read")]
    NeedsText,
    #[error("{helper} {why}")]
    Call { helper: String, why: &'static str },
}

impl Refusal {
    pub fn call(h: &Helper<'_>, why: &'static str) -> RenderError {
        Refusal::Call { helper: h.name().to_owned(), why }.into()
    }
}

impl From<Refusal> for RenderError {
    fn from(refusal: Refusal) -> Self {
        RenderErrorReason::NestedError(Box::new(refusal)).into()
    }
}

impl From<Limit> for Refusal {
    fn from(limit: Limit) -> Self {
        Refusal::Limit(limit)
    }
}

/// Counts `steps` of work.
pub(super) fn charge(steps: &Steps, count: usize) -> Result<(), RenderError> {
    steps.charge(count).map_err(|limit| Refusal::from(limit).into())
}

/// The argument at `index`. A path that leads nowhere is an error in every helper: the engine's
/// own take it for null, so that a misspelt `{{#if}}` would be false in silence.
pub(super) fn argument<'h>(h: &'h Helper<'_>, index: usize) -> Result<&'h Value, RenderError> {
    match h.param(index) {
        Some(param) if param.is_value_missing() => {
            Err(RenderError::strict_error(param.relative_path()))
        }
        Some(param) => match param.value() {
            Value::String(text) if is_stand_in(text) => Err(Refusal::NeedsText.into()),
            value => Ok(value),
        },
        None => Err(Refusal::call(h, "lacks an argument")),
    }
}

/// All arguments, each checked.
pub(super) fn arguments<'h>(h: &'h Helper<'_>) -> Result<Vec<&'h Value>, RenderError> {
    (0..h.params().len()).map(|index| argument(h, index)).collect()
}
