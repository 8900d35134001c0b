//! One template and its data to text.

use super::assemble::assemble;
use super::fault::{Limit, Place, TemplateFault};
use super::helpers::Refusal;
use super::item::Style;
use super::library::Template;
use super::meter::{Capped, Steps};
use super::writers::Written;
use super::{blocks, values, writers};
use crate::error::{Result, nearest};
use crate::model::html_text;
use handlebars::{Context, Handlebars, RenderError, RenderErrorReason, no_escape};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a template made of its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The whole output.
    pub text: String,
    /// The items written by `markdown_item` and `xml_item`: index in the bundle and style, in the
    /// order written. A template may leave an item out or write it twice.
    pub item_styles: Vec<(usize, Style)>,
}

/// Renders `context` with `template`; the same input gives the same text.
///
/// A template that is wrong, lacks something or exceeds a [`Limit`] is a [`TemplateFault`].
pub fn render<T: Serialize>(template: &Template, context: &T) -> Result<Rendered> {
    let assembled = assemble(template)?;
    let data = data(template, context)?;
    let (steps, written) = (Arc::new(Steps::default()), Arc::new(Written::default()));
    let mut engine = engine(&steps, &written);
    if template.is_html() {
        engine.register_escape_fn(html_text);
    }
    engine.register_template(&template.name, assembled);

    let mut output = Capped::new(size(&data));
    let context = Context::from(data);
    let done = engine.render_with_context_to_write(&template.name, &context, &mut output);
    done.map_err(|error| fault(template, context.data(), output.is_full, &error))?;
    let text = String::from_utf8(output.bytes).expect("the engine writes whole texts");
    Ok(Rendered { text, item_styles: written.take() })
}

fn data<T: Serialize>(template: &Template, context: &T) -> Result<Value, TemplateFault> {
    serde_json::to_value(context).map_err(|source| {
        let at = Place { template: template.name.clone(), line: None };
        TemplateFault::Data { at, source }
    })
}

/// An engine with our helpers and none of its own: `log` prints, the others know no bounds.
fn engine(steps: &Arc<Steps>, written: &Arc<Written>) -> Handlebars<'static> {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    // Source code must not become `&lt;`.
    engine.register_escape_fn(no_escape);
    for unused in ["raw", "log", "gte", "lte"] {
        engine.unregister_helper(unused);
    }
    blocks::register(&mut engine, steps);
    values::register(&mut engine, steps);
    writers::register(&mut engine, written);
    engine
}

/// Bytes of the data as JSON.
fn size(data: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Neither the data nor the counter can fail; were it otherwise, the bound is the smaller.
    let _ = serde_json::to_writer(&mut count, data);
    count.0
}

fn fault(template: &Template, data: &Value, is_full: bool, error: &RenderError) -> TemplateFault {
    let name = error.template_name.clone().unwrap_or_else(|| template.name.clone());
    let at = Place { template: name, line: error.line_no };
    match error.reason() {
        _ if is_full => TemplateFault::Limit { at, limit: Limit::Output },
        RenderErrorReason::MissingVariable(path) => missing(at, path.as_deref(), data),
        RenderErrorReason::NestedError(cause) => match cause.downcast_ref::<Refusal>() {
            Some(Refusal::Limit(limit)) => TemplateFault::Limit { at, limit: *limit },
            _ => TemplateFault::Call { at, why: cause.to_string() },
        },
        other => TemplateFault::Call { at, why: other.to_string() },
    }
}

fn missing(at: Place, path: Option<&str>, data: &Value) -> TemplateFault {
    // `assemble` puts the `./` before a variable that is called like a helper.
    let name = path.unwrap_or("this").trim_start_matches("./").to_owned();
    let last = name.rsplit(['.', '/']).next().unwrap_or(&name);
    let near = if data.get(last).is_some() {
        // Right at the top, it is out of reach in a block that has another `this`.
        vec![format!("@root.{last}")]
    } else {
        let mut names = BTreeSet::new();
        gather_names(data, &mut names);
        nearest(last, names).into_iter().map(str::to_owned).collect()
    };
    TemplateFault::Variable { at, name, near }
}

/// The names of all fields; of a list those of its first entry.
fn gather_names<'v>(data: &'v Value, names: &mut BTreeSet<&'v str>) {
    match data {
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            names.insert(name);
            gather_names(value, names);
        }),
        Value::Array(list) => list.iter().take(1).for_each(|value| gather_names(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
