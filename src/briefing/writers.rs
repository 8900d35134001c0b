//! The helpers that write text: items, fences, tags, names, cells.

use super::content::stand_in;
use super::context::{BriefingItem, item_at};
use super::escape::{attribute, cell, code_cell, inline, inline_code};
use super::fence::{fenced, tagged};
use super::helpers::{Refusal, argument, charge};
use super::item::{Style, item_block};
use super::meter::{Steps, WRITTEN_A_STEP};
use crate::error::Error;
use crate::model::html_text;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError,
    ScopedJson,
};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the items' helpers did.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Index and style, in order.
    styles: Mutex<Vec<(usize, Style)>>,
    /// A text that could not be read.
    failure: Mutex<Option<Error>>,
}

impl Written {
    pub fn take(&self) -> Vec<(usize, Style)> {
        std::mem::take(&mut lock(&self.styles))
    }

    pub fn failure(&self) -> Option<Error> {
        lock(&self.failure).take()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn register<'i>(
    registry: &mut Handlebars<'i>,
    steps: &Arc<Steps>,
    written: &Arc<Written>,
    items: &'i [BriefingItem<'i>],
) {
    for (name, style) in [("markdown_item", Style::Markdown), ("xml_item", Style::Xml)] {
        let written = Arc::clone(written);
        registry.register_helper(name, Box::new(Item { style, written, items }));
    }
    let mut put = |name, write| {
        registry.register_helper(name, Box::new(Text { write, steps: Arc::clone(steps) }));
    };
    put("fence", |h| Ok(fenced(&text(h, 0)?, &language(h)?)));
    put("tag", |h| Ok(tagged(tag_name(h)?, "", &text(h, 1)?)));
    put("name", |h| Ok(inline_code(&text(h, 0)?)));
    put("attr", |h| Ok(attribute(&text(h, 0)?)));
    put("cell", |h| Ok(cell(&text(h, 0)?)));
    put("inline", |h| Ok(inline(&text(h, 0)?)));
    put("code_cell", |h| Ok(code_cell(&text(h, 0)?)));
    put("html", |h| Ok(html_text(&text(h, 0)?)));
}

/// In parentheses a long text would be copied without being written, past all bounds.
fn no_value<'rc>(h: &Helper<'_>) -> Result<ScopedJson<'rc>, RenderError> {
    Err(Refusal::call(h, "writes text and cannot stand in parentheses"))
}

struct Item<'i> {
    style: Style,
    written: Arc<Written>,
    items: &'i [BriefingItem<'i>],
}

impl Item<'_> {
    /// The item that a value of the data is.
    fn item(&self, value: &Value) -> Option<&BriefingItem<'_>> {
        let index = usize::try_from(value.get("index")?.as_u64()?).ok()?;
        item_at(self.items, index)
    }
}

impl HelperDef for Item<'_> {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        no_value(h)
    }

    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let item = self.item(argument(h, 0)?);
        let item = item.ok_or_else(|| Refusal::call(h, "wants an item of 'items'"))?;
        let block = item_block(self.style, item).map_err(|error| {
            *lock(&self.written.failure) = Some(error);
            Refusal::call(h, "cannot read a text")
        })?;
        out.write(&block.before)?;
        if block.has_text && item.text.bytes() > 0 {
            out.write(&stand_in(item.index))?;
        }
        out.write(&block.after)?;
        lock(&self.written.styles).push((item.index, self.style));
        Ok(())
    }
}

struct Text {
    write: fn(&Helper<'_>) -> Result<String, RenderError>,
    steps: Arc<Steps>,
}

impl HelperDef for Text {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        no_value(h)
    }

    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        // A cell of a megabyte of blanks is nothing written, but a megabyte read.
        let longest =
            h.params().iter().map(|param| param.value().as_str().map_or(0, str::len)).max();
        charge(&self.steps, longest.unwrap_or(0) / WRITTEN_A_STEP)?;
        Ok(out.write(&(self.write)(h)?)?)
    }
}

/// An argument as text; null is empty.
fn text<'h>(h: &'h Helper<'_>, index: usize) -> Result<Cow<'h, str>, RenderError> {
    match argument(h, index)? {
        Value::String(text) => Ok(text.into()),
        Value::Null => Ok("".into()),
        plain @ (Value::Bool(_) | Value::Number(_)) => Ok(plain.to_string().into()),
        Value::Array(_) | Value::Object(_) => {
            Err(Refusal::call(h, "wants a text, not a list or an object"))
        }
    }
}

fn language<'h>(h: &'h Helper<'_>) -> Result<Cow<'h, str>, RenderError> {
    match h.param(1) {
        Some(_) => text(h, 1),
        None => Ok("".into()),
    }
}

fn tag_name<'h>(h: &'h Helper<'_>) -> Result<&'h str, RenderError> {
    let is_plain = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
    };
    argument(h, 0)?
        .as_str()
        .filter(is_plain)
        .ok_or_else(|| Refusal::call(h, "wants a name of a-z, 0-9, _ and -"))
}
