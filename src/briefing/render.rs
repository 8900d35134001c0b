//! One template and its data to text.

use super::assemble::assemble;
use super::content::{self, Piece};
use super::context::{BriefingContext, BriefingItem, item_at};
use super::fault::{Limit, Place, TemplateFault};
use super::helpers::Refusal;
use super::item::Style;
use super::library::Template;
use super::meter::{Capped, Steps};
use super::writers::Written;
use super::{blocks, prose, values, writers};
use crate::error::{Error, Result, nearest};
use crate::model::html_text;
use handlebars::{Context, Handlebars, RenderError, RenderErrorReason, no_escape};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A briefing as its template made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// What makes up the whole, in order.
    pub pieces: Vec<Piece>,
    /// The items written by `markdown_item` and `xml_item`: index in the bundle and style, in the
    /// order written. A template may leave an item out or write it twice.
    pub item_styles: Vec<(usize, Style)>,
}

impl Rendered {
    /// The whole text.
    pub fn text(&self, context: &BriefingContext<'_>) -> Result<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Frame(frame) => text += frame,
                Piece::Text(index) => text += &written(&context.items, *index).text.read()?,
            }
        }
        Ok(text)
    }
}

/// The item that a stand-in was made for.
fn written<'i, 'a>(items: &'i [BriefingItem<'a>], index: usize) -> &'i BriefingItem<'a> {
    item_at(items, index).expect("a stand-in is made of an item")
}

/// Renders a context that holds no items, a report's.
///
/// The same input gives the same text. A template that is wrong, lacks something or exceeds a
/// [`Limit`] is a [`TemplateFault`].
pub fn render<T: Serialize>(template: &Template, context: &T) -> Result<String> {
    let (text, _) = run(template, data(template, context)?, &[])?;
    Ok(text)
}

/// Renders a briefing. The texts of its items are read only where the template does more with one than
/// write it.
pub fn brief(template: &Template, context: &BriefingContext<'_>) -> Result<Rendered> {
    let items = &context.items;
    // Most templates need little of the data, and none fails for want of the rest alone.
    let light = light(template, context)?.map(|data| run(template, data, items));
    let (text, item_styles) = match light {
        Some(Ok(done)) => done,
        _ => match run(template, whole(template, context)?, items) {
            Err(Stop::NeedsTexts) => run(template, with_texts(template, context)?, items)?,
            done => done?,
        },
    };
    let pieces = content::pieces(&text);
    let texts = pieces.iter().filter_map(|piece| match piece {
        Piece::Text(index) => Some(written(&context.items, *index).text.bytes()),
        Piece::Frame(_) => None,
    });
    let all: usize = context.items.iter().map(|item| item.text.bytes()).sum();
    if texts.sum::<usize>() > Capped::limit(all) {
        let at = Place { template: template.name.clone(), line: None };
        return Err(TemplateFault::Limit { at, limit: Limit::Output }.into());
    }
    Ok(Rendered { pieces, item_styles })
}

/// Why a rendering ended early.
enum Stop {
    /// A helper was given a stand-in and wants the text.
    NeedsTexts,
    Fault(Error),
}

impl From<TemplateFault> for Stop {
    fn from(fault: TemplateFault) -> Self {
        Stop::Fault(fault.into())
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Fault(error) => error,
            Stop::NeedsTexts => unreachable!("without stand-ins nothing wants more"),
        }
    }
}

/// The data with those fields alone of each item that the template names; none where it may want one
/// that it does not name.
fn light(template: &Template, context: &BriefingContext<'_>) -> Result<Option<Value>> {
    let tags = tags(template);
    if template.is_html() || tags.iter().any(|tag| may_want_all(tag)) {
        return Ok(None);
    }
    let needs = |field: &str| field == "index" || tags.iter().any(|tag| tag.contains(field));
    let items = context.items.iter().map(|item| {
        let mut item = data(template, item)?;
        item.as_object_mut().into_iter().for_each(|fields| fields.retain(|field, _| needs(field)));
        Ok(item)
    });
    let items = items.collect::<Result<Vec<Value>>>()?;
    let mut rest = whole(template, &context.without_items())?;
    rest["items"] = items.into();
    Ok(Some(rest))
}

/// What stands between the braces of a template and its partials, comments left out.
fn tags(template: &Template) -> Vec<&str> {
    let partials = template.partials().values().map(String::as_str);
    let sources = std::iter::once(template.source.as_str()).chain(partials);
    let tags = sources.flat_map(|source| source.split("{{").skip(1));
    tags.filter(|tag| !tag.starts_with('!')).filter_map(|tag| tag.split("}}").next()).collect()
}

/// Whether a tag may lead to a field of an item that is not named.
fn may_want_all(tag: &str) -> bool {
    let is_other_loop = tag.trim_start_matches('~').strip_prefix("#each").is_some_and(|list| {
        !["items", "constraints", "sections", "shared_with"].contains(&list.trim())
    });
    is_other_loop || tag.contains("lookup") || tag.contains('[')
}

/// The data with the texts themselves in place of stand-ins.
fn with_texts(template: &Template, context: &BriefingContext<'_>) -> Result<Value> {
    let mut data = whole(template, context)?;
    let listed = data["items"].as_array_mut().into_iter().flatten();
    for (entry, item) in listed.zip(&context.items) {
        entry["text"] = item.text.read()?.into();
    }
    Ok(data)
}

/// All of the data. In Markdown the caller's words stay in their place. An element holds them as they
/// are, but the agent's name stands outside of any; a page escapes all.
fn whole(template: &Template, context: &BriefingContext<'_>) -> Result<Value> {
    let mut data = data(template, context)?;
    let mut change = |field: &str, to: fn(&str) -> Cow<'_, str>| {
        if let Value::String(text) = &mut data[field]
            && let Cow::Owned(changed) = to(text)
        {
            *text = changed;
        }
    };
    if template.is_xml() {
        change("agent_type", untagged);
    } else if !template.is_html() {
        ["role", "scope", "expected_output"]
            .into_iter()
            .for_each(|it| change(it, prose::contained));
    }
    Ok(data)
}

/// `text` without tags and entities.
fn untagged(text: &str) -> Cow<'_, str> {
    match text.contains(['<', '&']) {
        true => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").into(),
        false => text.into(),
    }
}

fn run(
    template: &Template,
    data: Value,
    items: &[BriefingItem<'_>],
) -> Result<(String, Vec<(usize, Style)>), Stop> {
    let assembled = assemble(template)?;
    let size = size(&data);
    let (steps, written) = (Arc::new(Steps::for_data(size)), Arc::new(Written::default()));
    let mut engine = engine(&steps, &written, items);
    if template.is_html() {
        engine.register_escape_fn(html_text);
    }
    engine.register_template(&template.name, assembled);

    let mut output = Capped::new(size);
    let context = Context::from(data);
    let done = engine.render_with_context_to_write(&template.name, &context, &mut output);
    if let Some(error) = written.failure() {
        return Err(Stop::Fault(error));
    }
    if let Err(error) = done {
        return Err(stopped(template, context.data(), output.is_full, &error));
    }
    let text = String::from_utf8(output.bytes).expect("the engine writes whole texts");
    Ok((text, written.take()))
}

fn data<T: Serialize>(template: &Template, context: &T) -> Result<Value, TemplateFault> {
    serde_json::to_value(context).map_err(|source| {
        let at = Place { template: template.name.clone(), line: None };
        TemplateFault::Data { at, source }
    })
}

/// An engine with our helpers and none of its own: `log` prints, the others know no bounds.
fn engine<'i>(
    steps: &Arc<Steps>,
    written: &Arc<Written>,
    items: &'i [BriefingItem<'i>],
) -> Handlebars<'i> {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    // Source code must not become `&lt;`.
    engine.register_escape_fn(no_escape);
    for unused in ["raw", "log", "gte", "lte"] {
        engine.unregister_helper(unused);
    }
    blocks::register(&mut engine, steps);
    values::register(&mut engine, steps);
    writers::register(&mut engine, steps, written, items);
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

fn stopped(template: &Template, data: &Value, is_full: bool, error: &RenderError) -> Stop {
    if let RenderErrorReason::NestedError(cause) = error.reason()
        && let Some(Refusal::NeedsText) = cause.downcast_ref::<Refusal>()
    {
        return Stop::NeedsTexts;
    }
    Stop::from(fault(template, data, is_full, error))
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
